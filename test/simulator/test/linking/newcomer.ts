import type { TestContext } from 'node:test'
import type { BaileysEventMap, UserFacingSocketConfig, WASocket } from '@whiskeysockets/baileys'
import { Agent, buildConnector } from 'undici'
import { silentLogger } from '../../phones/signal/silence.ts'
import { type Account, opened } from '../plain-client.ts'
import { MAIN, type Rig } from '../rig.ts'

type Config = Partial<UserFacingSocketConfig>
type HistorySet = BaileysEventMap['messaging-history.set']

/** Plain Baileys checks no MAC of the app state unless it is told to. */
export const CHECKING: Config = { appStateMacVerification: { patch: true, snapshot: true } }

/** A device that has just been linked, and everything that it has heard since. */
export type Newcomer = {
  readonly account: Account
  readonly sock: WASocket
  readonly sets: readonly HistorySet[]
  readonly chats: readonly BaileysEventMap['chats.update'][number][]
  readonly contacts: readonly BaileysEventMap['contacts.upsert'][number][]
}

/** Links a device to the main phone, and listens before it connects. */
export async function newcomer(rig: Rig, config: Config = {}): Promise<Newcomer> {
  const account = await rig.paired(MAIN, config)
  const sock = rig.connect(account, { ...CHECKING, ...config })
  const sets: HistorySet[] = []
  const chats: BaileysEventMap['chats.update'] = []
  const contacts: BaileysEventMap['contacts.upsert'] = []
  sock.ev.on('messaging-history.set', set => sets.push(set))
  sock.ev.on('chats.update', updates => chats.push(...updates))
  sock.ev.on('contacts.upsert', found => contacts.push(...found))
  await opened(sock)
  return { account, sock, sets, chats, contacts }
}

/** For a Baileys that finds the simulator's media host under WhatsApp's own name for it, as in a network of its own. */
export function insideNetwork(
  t: TestContext,
  { media, mediaCa }: { media: string; mediaCa: string },
): Config {
  const { hostname, port } = new URL(media)
  const connect = buildConnector({ ca: mediaCa })
  const dispatcher = new Agent({
    connect: (options, callback) =>
      connect({ ...options, hostname, port, servername: 'mmg.whatsapp.net' }, callback),
  })
  t.after(() => dispatcher.close())
  return { options: { dispatcher } as unknown as NonNullable<Config['options']> }
}

/** A logger that keeps what Baileys says of the app state, and nothing else. */
export function stateLog(): {
  readonly logger: NonNullable<Config['logger']>
  lines(about: string): string[]
} {
  const lines: string[] = []
  const note = (...said: readonly unknown[]) => {
    const [about, sentence = about] = said
    const name = typeof about === 'object' ? (about as { name?: string } | null)?.name : undefined
    lines.push(`${sentence}${name === undefined ? '' : ` (${name})`}`)
  }
  const logger = { ...silentLogger, child: () => logger, info: note, warn: note }
  return { logger, lines: about => lines.filter(line => line.includes(about)) }
}
