import { bytesOf, child, children, type Stanza, stanza } from '../../wire/stanza.ts'
import { BAD_REQUEST, type IqContext, type IqOutcome, type IqTable, result } from './table.ts'

const ABOUT_MAX = 139

/** What users show and allow: about, privacy, the timer of new chats. */
export const profileIqs: IqTable = {
  'privacy get privacy': ({ network, user }) => {
    const { privacy } = network.world.profiles.of(user.number)
    return result(stanza('privacy', {}, Object.entries(privacy).map(category)))
  },
  'privacy set privacy': setPrivacy,
  'status set status': async ({ network: { world }, user, iq }) => {
    const about = bytesOf(iq, 'status')?.toString() ?? ''
    if (about.length > ABOUT_MAX) return { kind: 'error', code: 406, text: 'not-acceptable' }
    world.profiles.change(user.number, { about, aboutAt: Math.floor(world.now().getTime() / 1000) })
    await world.db.committed()
    return result()
  },
  'disappearing_mode set disappearing_mode': async ({ network: { world }, user, request }) => {
    const disappearing = Number(request?.attrs.duration)
    if (!Number.isSafeInteger(disappearing) || disappearing < 0) return BAD_REQUEST
    world.profiles.change(user.number, { disappearing })
    await world.db.committed()
    return result()
  },
}

function category([name, value]: readonly [string, string]): Stanza {
  return stanza('category', { name, value })
}

async function setPrivacy({ network: { world }, user, iq }: IqContext): Promise<IqOutcome> {
  const { privacy } = world.profiles.of(user.number)
  const changes: Record<string, string> = {}
  for (const { attrs } of children(child(iq, 'privacy'), 'category')) {
    if (attrs.name === undefined || attrs.value === undefined || !(attrs.name in privacy)) return BAD_REQUEST
    changes[attrs.name] = attrs.value
  }
  world.profiles.change(user.number, { privacy: { ...privacy, ...changes } })
  await world.db.committed()
  return result(stanza('privacy', {}, Object.entries(changes).map(category)))
}
