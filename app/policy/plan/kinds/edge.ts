import type { Edge, Site } from '../../snapshot.ts'
import { amount, door, type Field, names, note, time, WIDENS } from '../field.ts'
import { once, type Rows, section } from '../section.ts'
import { named, placesFrom } from '../uses.ts'
import { sizeWords } from '../words.ts'

const siteRows: Rows<Site> = {
  address: [door('address', ({ address }) => address, { state: 'Callers must be told the new address.' })],
  clientCertificates: [], // how a site knows its callers goes with its name
  apiKeys: [],
  networks: [placesFrom(({ networks }) => networks)],
  basicAuth: [names('basicAuth', ({ basicAuth }) => named(basicAuth), WIDENS)],
}

/** A site that is not written does not exist. */
export const sites = section<Site>({
  kind: 'Edge',
  noun: 'site',
  all: ({ edge }) => new Map(Object.entries(edge.sites)),
  rows: siteRows,
  added: () => ['WIDER'],
  removed: () => ['TIGHTER'],
})

type BasicAuthUser = { readonly passwordRef: string }

export const basicAuthUsers = section<BasicAuthUser>({
  kind: 'Edge',
  noun: 'basic-auth user',
  all: ({ edge }) => new Map([...edge.basicAuthUsers].map(([name, passwordRef]) => [name, { passwordRef }])),
  rows: { passwordRef: [door('passwordRef', ({ passwordRef }) => passwordRef)] },
  added: () => ['WIDER'],
  removed: () => ['TIGHTER'],
})

const BYTES = { ...WIDENS, words: sizeWords }

const limitRows: Rows<Edge['limits']> = {
  maxBodyBytes: [amount('limits.maxBody', ({ maxBodyBytes }) => maxBodyBytes, BYTES)],
  maxUploadBytes: [amount('limits.maxUpload', ({ maxUploadBytes }) => maxUploadBytes, BYTES)],
  headerTimeoutMs: [time('limits.headerTimeout', ({ headerTimeoutMs }) => headerTimeoutMs, WIDENS)],
  bodyTimeoutMs: [time('limits.bodyTimeout', ({ bodyTimeoutMs }) => bodyTimeoutMs, WIDENS)],
  idleTimeoutMs: [time('limits.idleTimeout', ({ idleTimeoutMs }) => idleTimeoutMs, WIDENS)],
}

export const edgeLimits = once({
  kind: 'Edge',
  noun: 'limits',
  read: ({ edge }) => edge.limits,
  rows: limitRows,
})

/** Where the certificates of the sites come from lets nobody in. */
export const tls = once<Pick<Edge, 'tls'>>({
  kind: 'Edge',
  noun: 'tls',
  read: ({ edge }) => edge,
  rows: {
    tls: [
      certificates('tls.mode', ({ tls: { mode } }) => mode),
      certificates('tls.email', ({ tls: mode }) => (mode.mode === 'acme' ? mode.email : undefined)),
      certificates('tls.ca', ({ tls: mode }) => (mode.mode === 'acme' ? mode.ca : undefined)),
      certificates('tls.caRoot', ({ tls: mode }) => (mode.mode === 'acme' ? mode.caRoot : undefined)),
      certificates('tls.certificate', ({ tls: mode }) =>
        mode.mode === 'files' ? mode.certificate : undefined,
      ),
      certificates('tls.key', ({ tls: mode }) => (mode.mode === 'files' ? mode.key : undefined)),
    ],
  },
})

function certificates(
  path: string,
  read: (edge: Pick<Edge, 'tls'>) => string | undefined,
): Field<Pick<Edge, 'tls'>> {
  return note(path, read, {
    state: 'The sites get their certificates anew: callers must trust who issues them.',
  })
}
