import assert from 'node:assert/strict'
import { openFolder } from '../../app/media/folder.ts'

// Takes in a large file and prints how many bytes of buffers there were at most beyond those before.

const [folder = assert.fail('no folder')] = process.argv.slice(2)
const CHUNK_BYTES = 64 * 1024
const CHUNKS = 1024
const inUse = () => process.memoryUsage().arrayBuffers
const before = inUse()
let most = before

async function* source() {
  for (let n = 0; n < CHUNKS; n += 1) {
    yield Buffer.alloc(CHUNK_BYTES, n)
    most = Math.max(most, inUse())
  }
}

const written = await openFolder(folder).write(source(), { maxBytes: CHUNKS * CHUNK_BYTES })
assert.equal(written.kind, 'written')
console.log(most - before)
