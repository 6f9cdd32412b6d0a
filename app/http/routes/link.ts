import { encode, renderSVG } from 'uqr'
import type { Link } from '../../model/account.ts'
import { parsePhone } from '../../model/phone.ts'
import { type Answer, invalid, json, problem } from '../answer.ts'
import type { HttpDeps } from '../deps.ts'
import { type Call, param } from '../hop/call.ts'
import { bodyReader } from '../schemas/body.ts'
import { LINK_SCHEMA, type LinkBody } from '../schemas/link.ts'
import { linkJson } from '../wire/account.ts'
import { pngOf } from '../wire/png.ts'
import { type Route, V1_SITES } from './route.ts'

type LinkDeps = Pick<HttpDeps, 'sessions'>

const PATH = '/v1/accounts/:account/link'
const PIXELS = 8
/** White modules around the code; scanners want four. */
const BORDER = 4
const readBody = bodyReader<LinkBody>(LINK_SCHEMA)

/** Linking an account to a phone, by QR or by a code. */
export function linkRoutes(deps: LinkDeps): readonly Route[] {
  const access = { kind: 'account', action: 'accounts.link' } as const
  return [
    { method: 'post', path: PATH, sites: V1_SITES, access, handle: call => begin(call, deps) },
    { method: 'get', path: PATH, sites: V1_SITES, access, handle: call => show(call, deps) },
  ]
}

async function begin(call: Call, { sessions }: LinkDeps): Promise<Answer> {
  const body = readBody(call.request.body ?? {})
  if (body.kind === 'problem') return body
  const { method = 'qr', phone: given } = body.value
  const phone = given === undefined ? undefined : parsePhone(given, call.policy.snapshot.phoneRule)
  if (given !== undefined && phone === undefined)
    return invalid('$.phone', 'must be a phone number like +12025550100')
  if (method === 'code' && phone === undefined)
    return invalid('$.phone', 'is missing: whose phone will the code be typed on?')
  if (method === 'qr' && phone !== undefined) return invalid('$.phone', 'goes with method "code" alone')
  const request = phone === undefined ? { method } : { method, phone }
  const outcome = await sessions.link(param(call, 'account'), request, call.actor)
  switch (outcome.kind) {
    case 'started':
      return json(linkJson(outcome.link), 202)
    case 'already-linked':
      return problem(
        'already-linked',
        'The account is linked already; log it out before linking another phone.',
      )
    case 'unknown-account':
      return problem('not-found', 'There is no account of this name.')
    case 'unavailable':
      return problem('not-ready', `Linking cannot start now: ${outcome.reason}`)
  }
}

/** As JSON, or as the picture of the QR alone when the caller accepts pictures only. */
function show(call: Call, { sessions }: LinkDeps): Answer {
  const link = sessions.currentLink(param(call, 'account'))
  if (link === undefined) return problem('not-found', 'The account is not being linked.')
  const wanted = call.request.accepts(['application/json', 'image/png', 'image/svg+xml'])
  const headers = { Vary: 'Accept' }
  if (wanted === false) {
    return problem('not-acceptable', 'A link can be had as application/json, image/png or image/svg+xml.', {
      headers,
    })
  }
  if (wanted === 'application/json') return json(linkJson(link), 200, headers)
  if (link.qr === undefined)
    return problem('not-found', 'There is no QR code to show at the moment.', { headers })
  return {
    kind: 'bytes',
    mediaType: wanted,
    bytes: pictureOf(link.qr, wanted),
    headers: { ...headers, ...validity(link) },
  }
}

/** A code to scan, as a picture. */
export function pictureOf(qr: string, mediaType: string): Uint8Array {
  if (mediaType === 'image/png') return pngOf(encode(qr, { border: BORDER }).data, PIXELS)
  return Buffer.from(renderSVG(qr, { border: BORDER, pixelSize: PIXELS }))
}

function validity(link: Link): Readonly<Record<string, string>> {
  return { Expires: link.expiresAt.toUTCString() }
}
