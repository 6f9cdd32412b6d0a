import type { Endpoint, PolicySnapshot, Site, SiteName } from './snapshot.ts'

/** The ports that another installation on the same machine leaves free. */
export type MovedPorts = Readonly<Record<SiteName | 'receiver', number>>

/** Where the sandbox's policies look for the webhook receiver. */
const RECEIVER_HOST = '127.0.0.1:7072'

/** The same policy with the sites of the edge, and the sandbox's receiver, on other ports; without any, as it is. */
export function movePorts(snapshot: PolicySnapshot, ports: MovedPorts | undefined): PolicySnapshot {
  if (ports === undefined) return snapshot
  const sites: Partial<Record<SiteName, Site>> = {}
  for (const name of ['api', 'keys', 'dashboard', 'hooks'] as const) {
    const site = snapshot.edge.sites[name]
    if (site !== undefined) sites[name] = { ...site, address: moved(site.address, ports[name]) }
  }
  const endpoints = [...snapshot.endpoints].map(([name, endpoint]): [string, Endpoint] => {
    const isReceiver = new URL(endpoint.url).host === RECEIVER_HOST
    return [name, isReceiver ? { ...endpoint, url: movedUrl(endpoint.url, ports.receiver) } : endpoint]
  })
  return { ...snapshot, edge: { ...snapshot.edge, sites }, endpoints: new Map(endpoints) }
}

function moved(address: string, port: number): string {
  return movedUrl(address, port).replace(/\/$/, '')
}

function movedUrl(text: string, port: number): string {
  const url = new URL(text)
  url.port = String(port)
  return url.href
}
