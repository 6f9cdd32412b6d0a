import {
  DIRECTIONS,
  type Direction,
  FAULT_KINDS,
  type Fault,
  type FaultKind,
  isConnectionFault,
  RECOVERABLE_FAULTS,
} from '../network/faults/kinds.ts'
import { reinstallDue } from '../network/faults/reinstall.ts'
import { strikeOpen } from '../network/faults/strike.ts'
import { SPOILT_MACS } from '../network/faults/wrong-mac.ts'
import { AdminError, readBody, readNumber } from './body.ts'
import type { AdminRequest, AdminRoutes } from './routes.ts'

/** What is to go wrong. */
export const faultRoutes: AdminRoutes = {
  'GET /faults': ({ network }) => ({ data: network.faults.list().map(showFault) }),
  'POST /faults': addFaults,
  'DELETE /faults': ({ network }) => {
    network.faults.clear()
    return { data: [] }
  },
}

const SHAPE = {
  kind: 'string',
  account: 'string?',
  after: 'number?',
  count: 'number?',
  for_ms: 'number?',
  one_in: 'number?',
  seed: 'number?',
  kinds: 'strings?',
  code: 'number?',
  delay_ms: 'number?',
  skew_ms: 'integer?',
  bytes: 'number?',
  direction: 'string?',
  mac: 'string?',
} as const

type Asked = ReturnType<typeof readBody<typeof SHAPE>>

/** `random` stands for a fault of each of `kinds`, at the mercy of dice. */
const RANDOM = 'random'

function addFaults({ network, body }: AdminRequest): unknown {
  const asked = readBody(body, SHAPE)
  const { kind } = asked
  if (asked.count === 0) throw new AdminError(400, '`count` must be 1 or more')
  if (kind !== RANDOM && asked.kinds !== undefined) throw new AdminError(400, '`kinds` is for `random` alone')
  if (kind === RANDOM && asked.one_in === undefined) throw new AdminError(400, '`random` needs `one_in`')
  const kinds = kind === RANDOM ? (asked.kinds ?? RECOVERABLE_FAULTS) : [kind]
  const faults = kinds.map(each => readFault(each, asked))
  for (const fault of faults) {
    network.faults.add(fault)
    if (isConnectionFault(fault.kind)) strikeOpen(network, fault.account)
    if (fault.kind === 'identity-change' && fault.after === 0 && fault.oneIn === undefined) {
      reinstallDue(network, fault.account)
    }
  }
  return kind === RANDOM ? { data: faults.map(showFault) } : faults.map(showFault)[0]
}

function readFault(kind: string, asked: Asked): Fault {
  if (!isFaultKind(kind)) {
    throw new AdminError(400, `\`kind\` must be one of ${FAULT_KINDS.join(', ')}, ${RANDOM}`)
  }
  const { direction } = asked
  if (direction !== undefined && !isDirection(direction)) {
    throw new AdminError(400, `\`direction\` must be one of ${DIRECTIONS.join(', ')}`)
  }
  const mac = SPOILT_MACS.find(each => each === asked.mac)
  if (asked.mac !== undefined && mac === undefined) {
    throw new AdminError(400, `\`mac\` must be one of ${SPOILT_MACS.join(', ')}`)
  }
  const goesOn = asked.for_ms !== undefined || asked.one_in !== undefined
  return {
    kind,
    after: asked.after ?? 0,
    ...(asked.count === undefined && goesOn ? {} : { count: asked.count ?? 1 }),
    ...present('account', asked.account === undefined ? undefined : readNumber(asked.account, 'account')),
    ...present('forMs', asked.for_ms),
    ...present('oneIn', asked.one_in),
    ...present('seed', asked.seed),
    ...present('code', asked.code),
    ...present('delayMs', asked.delay_ms),
    ...present('skewMs', asked.skew_ms),
    ...present('bytes', asked.bytes),
    ...present('direction', direction),
    ...present('mac', mac),
  }
}

function present<N extends keyof Fault>(name: N, value: Fault[N] | undefined): Partial<Fault> {
  return value === undefined ? {} : { [name]: value }
}

function showFault({ account, forMs, oneIn, delayMs, skewMs, ...fault }: Fault): unknown {
  return {
    ...fault,
    ...(account === undefined ? {} : { account: `+${account}` }),
    for_ms: forMs,
    one_in: oneIn,
    delay_ms: delayMs,
    skew_ms: skewMs,
  }
}

function isFaultKind(kind: string): kind is FaultKind {
  return (FAULT_KINDS as readonly string[]).includes(kind)
}

function isDirection(direction: string): direction is Direction {
  return (DIRECTIONS as readonly string[]).includes(direction)
}
