import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { before, test } from 'node:test'
import { Liquid } from 'liquidjs'
import { parse } from 'yaml'
import { eventually, type LedgerEntry, ROOT, type Sandbox } from '../gateway/sandbox.ts'

type Contact = {
  readonly number: string
  readonly inbox: (id: string) => Promise<{ readonly text?: { readonly body: string } }>
}
type Node = {
  readonly name: string
  readonly type: string
  readonly parameters: Readonly<Record<string, unknown>> & {
    readonly jsCode?: string
    readonly url?: string
    readonly jsonBody?: string
  }
}
type Workflow = {
  readonly nodes: readonly Node[]
  readonly connections: Readonly<
    Record<string, { readonly main: readonly (readonly { readonly node: string }[])[] }>
  >
}
type RestCommand = {
  readonly url: string
  readonly method: string
  readonly payload?: string
  readonly headers: Readonly<Record<string, unknown>>
}

const RECIPES = join(ROOT, 'scripts', 'recipes')
const STANDARD = ['webhook', 'code', 'respondToWebhook', 'if', 'httpRequest'].map(
  name => `n8n-nodes-base.${name}`,
)

/** The recipes for other programs, by what they declare: their own code and the requests that they would make. */
export function recipeTests(running: () => Sandbox, contact: Contact): void {
  n8nTests(running, contact)
  homeAssistantTest(running, contact)
}

function n8nTests(running: () => Sandbox, contact: Contact): void {
  const workflow = JSON.parse(readFileSync(join(RECIPES, 'n8n', 'answer-a-message.json'), 'utf8')) as Workflow
  const nodeOf = (type: string) =>
    workflow.nodes.find(node => node.type === `n8n-nodes-base.${type}`) ?? assert.fail(`no ${type}`)
  let delivery: LedgerEntry
  before(async () => {
    const { accounts } = running().endpoints()
    const text = { to: accounts.main?.phone, type: 'text', text: { body: 'Is n8n there?' } }
    const { id } = (await running().simulator(`/phones/${contact.number}/send`, text)) as { id: string }
    delivery = await eventually('the webhook', async () =>
      (await running().deliveries()).find(
        ({ body }) => body.includes('message.received') && body.includes(id),
      ),
    )
  })

  test('the recipe for n8n has standard nodes alone, each led to', () => {
    assert.deepEqual(
      workflow.nodes.filter(({ type }) => !STANDARD.includes(type)),
      [],
    )
    const led = Object.values(workflow.connections).flatMap(({ main }) => main.flat().map(({ node }) => node))
    const [first, ...others] = workflow.nodes.map(({ name }) => name)
    assert.equal(first, 'Webhook')
    assert.deepEqual(led.toSorted(), others.toSorted())
  })

  test('its code lets a webhook of ours through, and none that was changed, is old or signed by another', async () => {
    const { jsCode = '' } = nodeOf('code').parameters
    const secret = readFileSync(running().endpoints().receiver.secret_file, 'utf8').trim()
    const [item] = await runCode(jsCode, delivery, secret)
    assert.deepEqual((item?.json.data as Message | undefined)?.text, { body: 'Is n8n there?' })
    const old = { ...delivery.headers, 'webhook-timestamp': '1700000000' }
    const other = `whsec_${Buffer.alloc(32).toString('base64')}`
    await assert.rejects(runCode(jsCode, { ...delivery, body: `${delivery.body} ` }, secret), /not from/)
    await assert.rejects(runCode(jsCode, { ...delivery, headers: old }, secret), /not from/)
    await assert.rejects(runCode(jsCode, delivery, other), /not from/)
  })

  test('its request answers the message', async () => {
    const { url = '', jsonBody = '' } = nodeOf('httpRequest').parameters
    const $json = JSON.parse(delivery.body)
    const path = expressionOf(url, { $json, $env: { POSTERN_API: '' } })
    const body = JSON.parse(expressionOf(jsonBody, { $json, $env: {} }))
    const answer = await running().api({ path, body })
    assert.equal(answer.status, 202, answer.text)
    const entry = await contact.inbox(JSON.parse(answer.text).message_id)
    assert.equal(entry.text?.body, 'We have your message: Is n8n there?')
  })
}

type Message = { readonly text: { readonly body: string } }
type Item = { readonly json: Readonly<Record<string, unknown>> }

/** As n8n runs a code node once for all items. */
async function runCode(
  code: string,
  { headers, body }: LedgerEntry,
  secret: string,
): Promise<readonly Item[]> {
  const run = new Function('$input', '$env', 'require', `return (async function () {${code}}).call(this)`)
  const given = {
    helpers: { getBinaryDataBuffer: async () => Buffer.from(body) },
  }
  const input = { first: () => ({ json: { headers } }) }
  return run.call(given, input, { POSTERN_WEBHOOK_SECRET: secret }, createRequire(import.meta.url))
}

/** What n8n makes of a value that begins with `=`: what stands in braces is JavaScript. */
function expressionOf(text: string, names: Readonly<Record<string, unknown>>): string {
  assert.ok(text.startsWith('='), text)
  return text
    .slice(1)
    .replaceAll(/\{\{(.*?)\}\}(?!\})/gs, (_, expression: string) =>
      String(new Function(...Object.keys(names), `return (${expression})`)(...Object.values(names))),
    )
}

function homeAssistantTest(running: () => Sandbox, contact: Contact): void {
  test('the recipe for Home Assistant makes requests that are taken, and calls no command that it does not have', async () => {
    const source = readFileSync(join(RECIPES, 'home-assistant', 'postern.yaml'), 'utf8')
    const secret = { tag: '!secret', resolve: (name: string) => `secret ${name}` }
    const recipe = parse(source, { customTags: [secret] }) as {
      readonly rest_command: Readonly<Record<string, RestCommand>>
      readonly automation: readonly { readonly alias: string }[]
    }
    const called = [...source.matchAll(/action: rest_command\.(\w+)/g)].map(([, name]) => name)
    assert.deepEqual([...new Set(called)].toSorted(), Object.keys(recipe.rest_command).toSorted())
    const key = readFileSync(running().endpoints().clients.demo?.api_key_file ?? '', 'utf8').trim()
    const call = async (name: string, data: object) => {
      const command = recipe.rest_command[name] ?? assert.fail(name)
      assert.equal(command.headers.authorization, 'secret postern_authorization')
      const url = new URL(await filled(command.url, data))
      const payload =
        command.payload === undefined ? {} : { body: JSON.parse(await filled(command.payload, data)) }
      return await running().api({
        ...{ site: 'keys', path: url.pathname, method: command.method.toUpperCase(), ...payload },
        headers: { authorization: `Bearer ${key}` },
      })
    }
    const sent = await call('postern_send', { to: contact.number, text: 'The "front" door' })
    assert.equal(sent.status, 202, sent.text)
    const { message_id } = JSON.parse(sent.text)
    assert.equal((await contact.inbox(message_id)).text?.body, 'The "front" door')
    const asked = await call('postern_message', { message_id })
    assert.deepEqual([asked.status, JSON.parse(asked.text).direction], [200, 'out'])
  })
}

/** What Home Assistant's templates do with the two filters that the recipe has. */
async function filled(template: string, data: object): Promise<string> {
  const engine = new Liquid()
  engine.registerFilter('tojson', (value: unknown) => JSON.stringify(value))
  engine.registerFilter('urlencode', (value: unknown) => encodeURIComponent(String(value)))
  return await engine.parseAndRender(template, data)
}
