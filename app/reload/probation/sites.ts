import { request } from 'node:https'
import { isIP } from 'node:net'
import type { TLSSocket } from 'node:tls'
import type { PolicySnapshot, SiteName } from '../../policy/snapshot.ts'

/** How far a request of our own gets: nowhere, to a TLS handshake, to an answer of Caddy, to one of the app. */
export const REACHES = ['nowhere', 'tls', 'edge', 'app'] as const
export type Reach = (typeof REACHES)[number]
export type Reaches = Readonly<Partial<Record<SiteName, Reach>>>

const WITHIN_MS = 2_000

/** Asks every site of a policy at its own address. From where the app runs it may be out of reach, which says nothing. */
export async function reachSites({ edge }: PolicySnapshot): Promise<Reaches> {
  const sites = Object.entries(edge.sites).map(async ([name, { address }]) => [
    name,
    await reach(address, name === 'hooks' ? '/hooks/self-test' : '/livez'),
  ])
  return Object.fromEntries(await Promise.all(sites)) as Reaches
}

function reach(address: string, path: string): Promise<Reach> {
  const { hostname, port } = new URL(address)
  const host = hostname.replace(/^\[|\]$/g, '')
  const { promise, resolve } = Promise.withResolvers<Reach>()
  let known: Reach = 'nowhere'
  const call = request({
    ...{ host, port: port === '' ? 443 : Number(port), path, agent: false, timeout: WITHIN_MS },
    ...(isIP(host) === 0 ? { servername: host } : {}),
    rejectUnauthorized: false, // nothing is told and nothing believed: only whether somebody answers is asked
  })
  call.on('socket', socket =>
    socket.once('secureConnect', () => {
      if ((socket as TLSSocket).encrypted) known = 'tls'
    }),
  )
  call.on('timeout', () => call.destroy())
  call.on('error', () => resolve(known))
  call.on('response', answer => {
    answer.resume()
    resolve(answer.headers['postern-policy'] === undefined ? 'edge' : 'app')
    call.destroy()
  })
  call.end()
  return promise
}

/** Sites that both policies declare alike, addresses of networks included: what a change of these is meant to do, nobody here knows. */
export function unchangedSites(from: PolicySnapshot, to: PolicySnapshot): readonly SiteName[] {
  const names = Object.keys(to.edge.sites) as readonly SiteName[]
  return names.filter(name => declaration(from, name) === declaration(to, name))
}

function declaration({ edge, networks }: PolicySnapshot, name: SiteName): string {
  const site = edge.sites[name]
  return JSON.stringify([site, site?.networks.map(network => networks.get(network)?.cidrs)])
}
