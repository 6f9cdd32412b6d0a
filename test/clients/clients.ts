import assert from 'node:assert/strict'
import { execFile, spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { before, test } from 'node:test'
import { promisify } from 'node:util'
import { Agent } from 'undici'
import { EXAMPLES, type Example } from '../../app/http/docs/examples.ts'
import { createClient, eventsOf, Refused } from '../../scripts/clients/typescript/client.ts'
import { eventually, ROOT, type Sandbox } from '../gateway/sandbox.ts'
import { recipeTests } from './recipes.ts'

const DAVE = '+15550100053'
/** Has no phone. */
const NOBODY = '+15550100054'
const EXAMPLE_WITHIN_MS = 120_000

type Entry = { readonly id: string; readonly text?: { readonly body: string } }

/** What is shown to those who write programs: each example, the TypeScript client and the recipes, against a running sandbox. */
export function clientTests(running: () => Sandbox): void {
  before(async () => {
    await running().simulator('/phones', { number: DAVE, name: 'Dave' })
  })
  const inbox = (id: string): Promise<Entry> =>
    eventually(`${id} in the inbox`, async () => {
      const { data } = (await running().simulator(`/phones/${DAVE}/inbox`)) as { data: Entry[] }
      return data.find(entry => entry.id === id)
    })

  for (const example of EXAMPLES) {
    const { title, command } = example
    const skip = whyNot(command[0])
    test(`the example of /docs with ${title} sends a text`, { skip }, async () => {
      const { stdout } = await run(example, running(), DAVE)
      assert.equal((await inbox(stdout.trim())).text?.body, `Hello from ${title}`)
    })
    test(`and ends when its text cannot be sent, with ${title}`, { skip }, async () => {
      await assert.rejects(
        run(example, running(), NOBODY),
        (error: { readonly code?: unknown; readonly stderr?: string }) =>
          error.code === 1 && /failed/.test(error.stderr ?? ''),
      )
    })
  }
  typescriptTest(running, inbox)
  recipeTests(running, { number: DAVE, inbox })
}

async function run({ file, command: [tool, ...more] }: Example, sandbox: Sandbox, to: string) {
  const { api, ca_file, clients } = sandbox.endpoints()
  const { cert_file = '', key_file = '' } = clients.demo ?? {}
  return await promisify(execFile)(tool, [...more, join(ROOT, 'app', 'http', 'docs', file)], {
    env: { ...process.env, API: api, CA: ca_file, CERT: cert_file, KEY: key_file, TO: to },
    timeout: EXAMPLE_WITHIN_MS,
  })
}

/** Why what needs this tool cannot be tried here. */
function whyNot(tool: string): string | false {
  if (tool === 'go' && process.env.TEST_LONG === undefined)
    return 'with --long: Go compiles its library first, which takes most of a minute'
  return spawnSync('sh', ['-c', `command -v ${tool}`]).status === 0 ? false : `there is no ${tool} here`
}

function typescriptTest(running: () => Sandbox, inbox: (id: string) => Promise<Entry>): void {
  test('the TypeScript client sends a text, reads of it in the events, and is told what is refused', async () => {
    const { api, ca_file, clients } = running().endpoints()
    const read = (file = '') => readFileSync(file, 'utf8')
    const { cert_file, key_file } = clients.demo ?? {}
    const dispatcher = new Agent({
      connect: { ca: read(ca_file), cert: read(cert_file), key: read(key_file) },
    })
    const postern = createClient({ url: api, dispatcher })
    const { message_id } = await postern.sendMessage({
      account: 'main',
      body: { to: DAVE, type: 'text', text: { body: 'Typed' } },
    })
    assert.equal((await inbox(message_id)).text?.body, 'Typed')
    for await (const { type, data } of eventsOf(postern))
      if (type === 'message.sent' && data.message_id === message_id) break
    await assert.rejects(
      postern.getMessage({ account: 'main', id: 'obx_none' }),
      (error: unknown) => error instanceof Refused && error.problem?.code === 'not-found',
    )
    await assert.rejects(postern.getMessage({ account: 'main', id: '..' }), TypeError)
    await dispatcher.close()
  })
}
