import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import tls from 'node:tls'
import { Client, MessageType } from '@great-detail/whatsapp'
import { GraphApiError, WhatsAppClient } from '@kapso/whatsapp-cloud-api'
import { eventually, type Sandbox } from '../gateway/sandbox.ts'
import { pdf, png } from '../media/samples.ts'

const BOB = '+15550100051'
const TO = BOB.slice(1)
const ACCOUNT = 'main'
const NAMES = ['@kapso/whatsapp-cloud-api', '@great-detail/whatsapp'] as const
const GREETING = { name: 'greeting', language: { code: 'en_US' } } as const

type Entry = {
  readonly id: string
  readonly type: string
  readonly text?: { readonly body: string }
  readonly image?: { readonly caption?: string }
  readonly document?: { readonly filename?: string }
  readonly media_sha256?: string
  readonly reaction?: { readonly message_id: string; readonly emoji: string }
}

/** What a client does, in its own words; each is as npm has it but for its base URL and its credential. */
type Doing = {
  readonly text: (body: string) => Promise<string>
  readonly template: (name: string) => Promise<string>
  readonly react: (messageId: string, emoji: string) => Promise<string>
  readonly read: (messageId: string) => Promise<unknown>
  readonly upload: (bytes: Buffer) => Promise<string>
  readonly image: (file: { id: string } | { link: string }, caption: string) => Promise<string>
  readonly document: (link: string, filename: string) => Promise<string>
  readonly buttons: (body: string, titles: readonly string[]) => Promise<string>
  readonly download: (id: string) => Promise<Buffer>
  readonly remove: (id: string) => Promise<unknown>
}

/** Two clients of Cloud API that know nothing of Postern, through the real edge, with a simulated contact at the other end. */
export function cloudClientTests(running: () => Sandbox): void {
  let sandbox: Sandbox
  let clients: readonly Doing[] = []
  let pages: Pages
  before(async () => {
    sandbox = running()
    pages = await servePages(`${sandbox.dataDir}.sandbox`)
    const { keys, ca_file, clients: known } = sandbox.endpoints()
    tls.setDefaultCACertificates([...tls.getCACertificates('default'), readFileSync(ca_file, 'utf8')])
    const key = readFileSync(known.demo?.api_key_file ?? '', 'utf8').trim()
    clients = [kapso(keys, key), greatDetail(keys, key)]
    await sandbox.simulator('/phones', { number: BOB, name: 'Bob' })
  })
  after(() => pages.close())

  const inbox = async (id: string): Promise<Entry> =>
    await eventually(`${id} in the inbox`, async () => {
      const { data } = (await sandbox.simulator(`/phones/${BOB}/inbox`)) as { data: Entry[] }
      return data.find(entry => entry.id === id)
    })

  for (const [index, name] of NAMES.entries()) {
    const client = () => clients[index] ?? assert.fail('no client')

    test(`${name} sends a text, a template and a reaction, and the contact has them`, async () => {
      const text = await inbox(await client().text(`hello from ${name}`))
      assert.equal(text.text?.body, `hello from ${name}`)
      const template = await inbox(await client().template('Bob'))
      assert.equal(template.text?.body, 'Hello Bob.')
      const reaction = await inbox(await client().react(text.id, '👍'))
      assert.deepEqual(reaction.reaction, { message_id: text.id, emoji: '👍' })
    })

    test(`${name} marks as read what came in, and its sender sees it`, async () => {
      const said = { to: sandbox.endpoints().accounts.main?.phone, type: 'text', text: { body: name } }
      const { id } = (await sandbox.simulator(`/phones/${BOB}/send`, said)) as { id: string }
      await eventually('the message', async () => {
        const { status } = await sandbox.api({ path: `/v1/accounts/${ACCOUNT}/messages/${id}` })
        return status === 200 ? status : undefined
      })
      await client().read(id)
      await eventually('the receipt', async () => {
        const { data } = (await sandbox.simulator(`/phones/${BOB}/sent`)) as {
          data: { id: string; status: string }[]
        }
        return data.find(entry => entry.id === id && entry.status === 'read')
      })
    })

    test(`${name} sends buttons, which the contact reads`, async () => {
      const sent = await inbox(await client().buttons('Tea?', ['Yes', 'No']))
      assert.deepEqual(sent.text, { body: 'Tea?\n\n1. Yes\n2. No' })
    })
  }

  fileTests({ client: index => clients[index] ?? assert.fail('no client'), inbox, pages: () => pages })
  refusalTest(running)
}

type Filing = {
  readonly client: (index: number) => Doing
  readonly inbox: (id: string) => Promise<Entry>
  readonly pages: () => Pages
}

function fileTests({ client, inbox, pages }: Filing): void {
  for (const [index, name] of NAMES.entries()) {
    test(`${name} sends a picture that it has uploaded, which the contact has byte for byte`, async () => {
      const picture = png(50, 60 + index)
      const sent = await inbox(await client(index).image({ id: await client(index).upload(picture) }, 'look'))
      assert.deepEqual([sent.type, sent.image?.caption], ['image', 'look'])
      assert.equal(sent.media_sha256, sha256(picture))
    })

    test(`${name} sends a picture and a document by link, which the contact has byte for byte`, async () => {
      const picture = png(70, 80 + index)
      const look = await inbox(await client(index).image({ link: pages().put('/look.png', picture) }, 'look'))
      assert.deepEqual([look.type, look.image?.caption], ['image', 'look'])
      assert.equal(look.media_sha256, sha256(picture))
      const plan = await inbox(await client(index).document(pages().put('/a', pdf()), 'Plan.pdf'))
      assert.deepEqual([plan.type, plan.document?.filename], ['document', 'Plan.pdf'])
      assert.equal(plan.media_sha256, sha256(pdf()))
      const none = `${pages().put('/', picture)}none.png`
      await assert.rejects(client(index).image({ link: none }, 'look'), 'what is not there is not sent')
    })

    test(`${name} uploads a file, gets it back byte for byte, and removes it`, async () => {
      const picture = png(40, 30 + index)
      const id = await client(index).upload(picture)
      assert.deepEqual(await client(index).download(id), picture)
      await client(index).remove(id)
      await assert.rejects(client(index).download(id))
    })
  }
}

const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex')

type Pages = Awaited<ReturnType<typeof servePages>>

/** Files on loopback, over https: the sandbox lets links lead there, and trusts the CA of its receiver. */
async function servePages(sandboxFolder: string) {
  const pages = new Map<string, Buffer>()
  const certificate = JSON.parse(
    readFileSync(join(sandboxFolder, 'receiver', 'receiver-certificate.json'), 'utf8'),
  ) as { cert: string; key: string }
  const server = createServer(certificate, ({ url = '' }, response) => {
    const page = pages.get(url)
    if (page === undefined) response.writeHead(404).end()
    else response.end(page)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    put(path: string, page: Buffer): string {
      pages.set(path, page)
      return `https://127.0.0.1:${port}${path}`
    },
    close() {
      server.closeAllConnections()
      server.close()
    },
  }
}

function refusalTest(running: () => Sandbox): void {
  test('a client reads a refusal as it reads those of Graph API', async () => {
    const { keys, clients: known } = running().endpoints()
    const key = readFileSync(known.demo?.api_key_file ?? '', 'utf8').trim()
    const body = { phoneNumberId: ACCOUNT, to: 'nobody', body: 'x' }
    await assert.rejects(kapsoClient(keys, `${key.slice(0, -4)}aaaa`).messages.sendText(body), error => {
      assert.ok(error instanceof GraphApiError)
      return error.isAuthError() && error.requiresTokenRefresh()
    })
    await assert.rejects(kapsoClient(keys, key).messages.sendText(body), error => {
      assert.ok(error instanceof GraphApiError)
      return error.category === 'parameter' && /\$\.to/.test(error.details ?? '')
    })
  })
}

const kapsoClient = (site: string, accessToken: string) =>
  new WhatsAppClient({ baseUrl: `${site}/graph`, accessToken, graphVersion: 'v23.0' })

function kapso(site: string, key: string): Doing {
  const { messages, media } = kapsoClient(site, key)
  const common = { phoneNumberId: ACCOUNT, to: TO }
  const idOf = (answer: { messages: readonly { id: string }[] }) => answer.messages[0]?.id ?? ''
  return {
    text: async body => idOf(await messages.sendText({ ...common, body })),
    template: async text => {
      const components = [{ type: 'body' as const, parameters: [{ type: 'text' as const, text }] }]
      return idOf(await messages.sendTemplate({ ...common, template: { ...GREETING, components } }))
    },
    react: async (messageId, emoji) =>
      idOf(await messages.sendReaction({ ...common, reaction: { messageId, emoji } })),
    read: messageId =>
      messages.markRead({ phoneNumberId: ACCOUNT, messageId, typingIndicator: { type: 'text' } }),
    upload: async file =>
      (await media.upload({ phoneNumberId: ACCOUNT, type: 'image/png', file, fileName: 'a.png' })).id,
    image: async (file, caption) =>
      idOf(await messages.sendImage({ ...common, image: { ...file, caption } })),
    document: async (link, filename) =>
      idOf(await messages.sendDocument({ ...common, document: { link, filename } })),
    buttons: async (bodyText, titles) => {
      const buttons = titles.map(title => ({ id: title, title }))
      return idOf(await messages.sendInteractiveButtons({ ...common, bodyText, buttons }))
    },
    download: async mediaId => {
      const bytes = await media.download({ mediaId, phoneNumberId: ACCOUNT, auth: 'always' })
      return Buffer.from(bytes as ArrayBuffer)
    },
    remove: mediaId => media.delete({ mediaId, phoneNumberId: ACCOUNT }),
  }
}

function greatDetail(site: string, key: string): Doing {
  const headers = { Authorization: `Bearer ${key}` }
  const { message, media } = new Client({
    baseUrl: `${site}/graph`,
    graphVersion: 'v23.0/', // without the slash its HTTP library takes the version for a file and leaves it out
    request: { headers },
  })
  const common = { phoneNumberID: ACCOUNT, to: TO }
  const idOf = async (answer: { json(): Promise<unknown> }) =>
    ((await answer.json()) as { messages: [{ id: string }] }).messages[0].id
  return {
    text: body => idOf(message.createMessage({ ...common, type: MessageType.Text, text: { body } })),
    template: text => {
      const components = [{ type: 'body' as const, parameters: [{ type: 'text' as const, text }] }]
      return idOf(
        message.createMessage({
          ...common,
          type: MessageType.Template,
          template: { ...GREETING, components },
        }),
      )
    },
    react: (message_id, emoji) =>
      idOf(
        message.createMessage({
          ...common,
          type: MessageType.Reaction,
          reaction: { message_id, emoji } as never,
        }),
      ),
    read: message_id => message.createStatus({ phoneNumberID: ACCOUNT, status: 'read', message_id }),
    upload: async bytes => {
      const file = new Blob([new Uint8Array(bytes)], { type: 'image/png' })
      const how = { phoneNumberID: ACCOUNT, file, filename: 'a.png', mimeType: 'image/png' } as const
      return ((await media.upload(how).json()) as { id: string }).id
    },
    image: (file, caption) =>
      idOf(message.createMessage({ ...common, type: MessageType.Image, image: { ...file, caption } })),
    document: (link, filename) =>
      idOf(message.createMessage({ ...common, type: MessageType.Document, document: { link, filename } })),
    buttons: (text, titles) => {
      const buttons = titles.map(title => ({ type: 'reply' as const, reply: { id: title, title } }))
      const interactive = { type: 'button' as const, body: { text }, action: { buttons } }
      return idOf(
        message.createMessage({
          ...common,
          type: MessageType.Interactive,
          interactive: interactive as never,
        }),
      )
    },
    download: async mediaID => {
      const { url } = (await media.getURL({ mediaID }).json()) as { url: string }
      const request = { headers: { ...headers, Host: new URL(url).host } } // it would name a host of Meta's
      return Buffer.from(await media.download({ mediaURL: url, request }).arrayBuffer())
    },
    remove: mediaID => media.delete({ mediaID }),
  }
}
