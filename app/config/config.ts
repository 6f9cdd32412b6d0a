import type { LogLevel } from '../lib/log.ts'

/** Local ports of every part. Defaults in contract.md section 3; all move with `POSTERN_PORT_BASE`. */
export type Ports = {
  readonly api: number
  readonly keys: number
  readonly dashboard: number
  readonly hooks: number
  readonly app: number
  readonly metrics: number
  readonly simulator: number
  readonly simulatorAdmin: number
  readonly receiver: number
  readonly receiverAdmin: number
}

/** What the environment and the command line settled. Read once, frozen, passed in. All paths absolute. */
export type Config = {
  readonly root: string
  readonly dataDir: string
  readonly policiesDir: string
  readonly secretsDir: string
  /** CA keys and issued client certificates: beside the secrets folder, and never read by the running app. */
  readonly pkiDir: string
  readonly masterKeyFile: string
  readonly logLevel: LogLevel
  /** Path of a Caddy binary, when the environment names one. */
  readonly caddy?: string
  /** Set when `POSTERN_PORT_BASE` is: then the ports of the sites in the policy are replaced by these. */
  readonly portBase?: number
  readonly ports: Ports
  readonly sandbox: boolean
}
