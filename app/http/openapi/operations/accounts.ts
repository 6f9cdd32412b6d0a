import { EMPTY_SCHEMA, LINK_SCHEMA } from '../../schemas/link.ts'
import { PROFILE_SCHEMA } from '../../schemas/social.ts'
import {
  a,
  BYTES,
  FROM_WHATSAPP,
  mayTake,
  type Operation,
  type Operations,
  pageOf,
  takes,
} from '../operation.ts'

const ONE = '/v1/accounts/:account'

const change = (id: string, summary: string): Operation => ({
  ...{ id, summary, body: mayTake(EMPTY_SCHEMA), answers: { 200: a('Account') }, problems: ['conflict'] },
})

export const ACCOUNT_OPERATIONS: Operations = {
  'GET /v1/whoami': {
    id: 'whoAmI',
    summary: 'How the appliance sees the caller.',
    answers: { 200: a('Caller') },
  },
  'GET /v1/accounts': {
    id: 'listAccounts',
    summary: 'The accounts that the caller may know of.',
    answers: { 200: pageOf('Account') },
  },
  [`GET ${ONE}`]: { id: 'getAccount', summary: 'One account.', answers: { 200: a('Account') } },
  [`POST ${ONE}/pause`]: change(
    'pauseAccount',
    'Closes the session until it is resumed; the phone stays linked.',
  ),
  [`POST ${ONE}/resume`]: change('resumeAccount', 'Opens a paused account again.'),
  [`POST ${ONE}/restart`]: change('restartAccount', 'Closes the session and opens another.'),
  [`POST ${ONE}/logout`]: change('logOutAccount', 'Unlinks the account from its phone.'),
  [`POST ${ONE}/link`]: {
    id: 'linkAccount',
    summary: 'Begins to link an account to a phone: by a QR code, or by a code to type there.',
    body: mayTake(LINK_SCHEMA, {
      qr: { method: 'qr' },
      code: { method: 'code', phone: '+12025550100' },
    }),
    answers: { 202: a('Link') },
    problems: ['already-linked', 'not-ready'],
  },
  [`GET ${ONE}/link`]: {
    id: 'getLink',
    summary: 'How far linking has got; as a picture, the QR code alone.',
    answers: { 200: { ...a('Link'), 'image/png': BYTES, 'image/svg+xml': BYTES } },
    problems: ['not-acceptable'],
  },
  [`GET ${ONE}/profile`]: {
    id: 'getProfile',
    summary: 'What others see of the account.',
    answers: { 200: a('Profile') },
    problems: FROM_WHATSAPP,
  },
  [`PUT ${ONE}/profile`]: {
    id: 'changeProfile',
    summary: 'Changes what others see of the account; what is not named stays as it is.',
    body: takes(PROFILE_SCHEMA, { name: { name: 'Billing', about: 'On weekdays from nine to five' } }),
    answers: { 200: a('Profile') },
    problems: FROM_WHATSAPP,
  },
}
