import { child, children, type Stanza, stanza } from '../../wire/stanza.ts'
import { BAD_REQUEST, type IqContext, type IqOutcome, type IqTable, result } from './table.ts'

/** What users show and allow: privacy, and in time about, picture and block list. */
export const profileIqs: IqTable = {
  'privacy get privacy': ({ network, user }) => {
    const { privacy } = network.world.profiles.of(user.number)
    return result(stanza('privacy', {}, Object.entries(privacy).map(category)))
  },
  'privacy set privacy': setPrivacy,
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
