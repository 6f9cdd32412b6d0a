import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Gate } from '../../app/whatsapp/journal/gate.ts'

/** A gate before a wire that remembers what left by it, the end of the connection included. */
function guarded() {
  const left: string[] = []
  const faults: unknown[] = []
  const gate = new Gate({ broken: error => faults.push(error) })
  const wire = {
    send(frame: Uint8Array, done?: (error?: Error) => void) {
      left.push(Buffer.from(frame).toString())
      done?.()
    },
    close: () => void left.push('end'),
  }
  gate.guard(wire)
  const send = (name: string) =>
    new Promise<Error | undefined>(resolve => wire.send(Buffer.from(name), error => resolve(error)))
  return { gate, wire, left, faults, send }
}

const settled = () => new Promise(resolve => setImmediate(resolve))

test('frames leave at once while nothing is being written', async () => {
  const { left, send } = guarded()
  await send('a')
  assert.deepEqual(left, ['a'])
})

test('a frame waits for every write begun before it, in whatever order they end, and for none begun after', async () => {
  const { gate, left, send } = guarded()
  const [one, two, three] = [0, 1, 2].map(() => Promise.withResolvers<void>())
  gate.hold(one?.promise ?? Promise.reject())
  gate.hold(two?.promise ?? Promise.reject())
  void send('a')
  gate.hold(three?.promise ?? Promise.reject())
  void send('b')
  two?.resolve()
  await settled()
  assert.deepEqual(left, [])
  one?.resolve()
  await settled()
  assert.deepEqual(left, ['a'])
  three?.resolve()
  await settled()
  assert.deepEqual(left, ['a', 'b'])
})

test('the end of the connection does not overtake a frame that waits', async () => {
  const { gate, wire, left, send } = guarded()
  const write = Promise.withResolvers<void>()
  gate.hold(write.promise)
  void send('farewell')
  wire.close()
  assert.deepEqual(left, [])
  write.resolve()
  await settled()
  assert.deepEqual(left, ['farewell', 'end'])
})

for (const [what, fail] of Object.entries<(gate: Gate, error: Error) => void>({
  write: (gate, error) => gate.hold(Promise.reject(error)),
  read: (gate, error) => gate.fail(error),
})) {
  test(`when a ${what} fails nothing leaves any more, and it is told once`, async () => {
    const { gate, wire, left, faults, send } = guarded()
    const [full, also] = [new Error('disk full'), new Error('still full')]
    const write = Promise.withResolvers<void>()
    gate.hold(write.promise)
    void send('receipt')
    assert.equal(gate.isShut, false)
    fail(gate, full)
    fail(gate, also)
    write.resolve()
    await settled()
    assert.equal(gate.isShut, true)
    assert.ok((await send('later')) instanceof Error)
    gate.hold(Promise.resolve())
    await settled()
    assert.deepEqual([left, faults], [[], [full]])
    wire.close()
    assert.deepEqual(left, ['end'])
  })
}
