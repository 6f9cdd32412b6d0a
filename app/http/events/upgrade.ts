import { type IncomingMessage, type Server, ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import type { TLSSocket } from 'node:tls'
import type { Express, Request, Response } from 'express'

/** A connection whose caller wants to speak WebSocket on it. */
export type Upgrade = { readonly socket: TLSSocket; readonly head: Buffer }

const NOT_THIS_WAY = 'HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n'

const upgrades = new WeakMap<IncomingMessage, Upgrade>()

/** What the request wants to become; undefined for an ordinary one. */
export function upgradeOf(request: Request): Upgrade | undefined {
  return upgrades.get(request)
}

/**
 * Hands requests for an upgrade to the application as if they were ordinary ones, so that they pass the same steps and are
 * refused with the same answers. Only a route that knows of upgrades takes the socket over; any other answer closes it.
 */
export function takeUpgrades(server: Pick<Server, 'on'>, app: Express): void {
  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    socket.on('error', () => socket.destroy()) // a caller that breaks off
    if (request.method !== 'GET') return void socket.end(NOT_THIS_WAY) // whose body nobody reads any more
    const response = new ServerResponse(request)
    response.shouldKeepAlive = false
    response.assignSocket(socket as TLSSocket)
    response.once('finish', () => socket.end())
    upgrades.set(request, { socket: socket as TLSSocket, head })
    app(request as Request, response as Response)
  })
}
