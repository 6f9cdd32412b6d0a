import { readFileSync } from 'node:fs'
import { silentLog } from '../../../app/lib/log.ts'
import { openStore } from '../../../app/store/open.ts'
import { KEY, outgoing } from '../fixture.ts'

// Runs under Node's permission model: opens, writes, reads, closes, and tries one thing that must fail.

const dataDir = process.argv[2] ?? ''
const store = await openStore({ dataDir, key: KEY, now: () => new Date(), log: silentLog })
const message = outgoing()
await store.messages.enqueue(message, undefined, {})
const found = await store.messages.get('main', message.id)
await store.close()
process.stdout.write(JSON.stringify({ found: found?.id === message.id, outside: outside() }))

function outside(): string {
  try {
    readFileSync('/etc/passwd')
    return 'allowed'
  } catch (error) {
    return String((error as NodeJS.ErrnoException).code)
  }
}
