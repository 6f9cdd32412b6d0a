import { createGroup } from '../../network/groups/create.ts'
import type { Network } from '../../network/network.ts'
import type { User } from '../../store/people/users.ts'
import { AdminError, readBody, readNumber } from '../body.ts'
import { userOf } from '../destination.ts'

/** Who writes where: a phone to an account, or the members of a group in turn. */
export type Talk = { readonly people: readonly User[]; readonly to: string }

export type Plan = {
  readonly talks: readonly Talk[]
  /** Messages a second, over all talks. */
  readonly rate: number
  readonly seconds: number
  readonly seed: number
}

const LIMITS = { chats: 5_000, groups: 200, rate: 1_000, seconds: 3_600 } as const
const DEFAULT_SECONDS = 60
/** Numbers of the people that a load makes: +1555 2000000 and on. */
const FIRST_NUMBER = 15_552_000_000
const PEOPLE_IN_GROUP = 3

/** Reads what a load shall be, and makes the people and groups of it that there are not yet. */
export function planLoad(network: Network, body: unknown): Plan {
  const asked = readBody(body, {
    ...({ chats: 'number', phones: 'number?', groups: 'number?', rate: 'decimal' } as const),
    ...({ accounts: 'strings?', seconds: 'number?', seed: 'number?' } as const),
  })
  const { chats, groups = 0, rate, seconds = DEFAULT_SECONDS, seed = network.world.seed } = asked
  const phones = Math.min(asked.phones ?? chats, chats)
  for (const [name, value] of Object.entries({ chats, groups, rate, seconds })) {
    const limit = LIMITS[name as keyof typeof LIMITS]
    if (value < 0 || value > limit) throw new AdminError(400, `\`${name}\` must be up to ${limit}`)
  }
  if (chats + groups === 0 || rate === 0 || seconds === 0) {
    throw new AdminError(400, 'a load needs `chats` or `groups`, a `rate` and `seconds`')
  }
  const accounts = accountsOf(network, asked.accounts)
  const people = Array.from({ length: Math.max(phones, PEOPLE_IN_GROUP) }, (_, index) =>
    person(network, index),
  )
  const account = (index: number) => accounts[index % accounts.length] as User
  const pairs = Array.from({ length: chats }, (_, index) => ({
    people: [people[index % phones] as User],
    to: account(index + Math.floor(index / phones)).number, // whoever has several chats has them with several accounts
  }))
  const circles = Array.from({ length: groups }, (_, index) =>
    groupTalk(network, {
      account: account(index),
      people: around(people, index),
      subject: `Load ${seed}.${index}`,
    }),
  )
  return { talks: [...pairs, ...circles], rate, seconds, seed }
}

/** The accounts asked for, or all that have a linked device. */
function accountsOf({ world }: Network, asked: readonly string[] | undefined): readonly User[] {
  const linked = [
    ...new Set(
      world.devices
        .list()
        .filter(({ isSimulated }) => !isSimulated)
        .map(({ number }) => number),
    ),
  ]
  const numbers = asked?.map(number => readNumber(number, 'accounts')) ?? linked
  const unlinked = numbers.filter(number => !linked.includes(number))
  if (unlinked.length > 0) throw new AdminError(400, `+${unlinked.join(', +')} has no linked device`)
  if (numbers.length === 0) throw new AdminError(400, 'there is no account with a linked device')
  return numbers.map(number => userOf(world, number, 'accounts'))
}

function person({ world }: Network, index: number): User {
  const number = String(FIRST_NUMBER + index)
  return world.users.get(number) ?? world.users.add({ number, name: `Talker ${index}` })
}

function around(people: readonly User[], index: number): readonly User[] {
  return Array.from({ length: PEOPLE_IN_GROUP }, (_, n) => people[(index + n) % people.length] as User)
}

type Circle = { readonly account: User; readonly people: readonly User[]; readonly subject: string }

/** The group of that subject, made by the first of its people unless there is one from a load before. */
function groupTalk(network: Network, { account, people, subject }: Circle): Talk {
  const [creator, ...others] = people as [User, ...User[]]
  const known = network.world.groups
    .ofMember(creator.number)
    .find(
      group =>
        group.subject.body === subject && group.members.some(({ number }) => number === account.number),
    )
  if (known !== undefined) return { people, to: known.id }
  const participants = [...others, account].map(({ number }) => number)
  const made = createGroup(network, creator, { subject, participants })
  if (made.kind !== 'done') throw new AdminError(400, `the group ${subject} cannot be made`)
  return { people, to: made.group.id }
}
