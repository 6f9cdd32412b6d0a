import { cancel, group, text } from '@clack/prompts'
import { PosternError } from '../lib/error.ts'
import { parseCidr } from '../policy/networks.ts'
import type { StarterAnswers } from './starter-policies.ts'

const ADDRESS = /^https:\/\/[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:[1-9]\d{0,4})?$/
const OPERATOR = /^[a-z][a-z0-9-]{0,62}$/
const EMAIL = /^[A-Za-z0-9._+-]+@[A-Za-z0-9.-]+$/

/** Asks on the terminal; Enter keeps what is there. Throws PosternError `init.cancelled`. */
export async function askStarter(now: StarterAnswers): Promise<StarterAnswers> {
  const options = {
    onCancel: () => {
      cancel('Nothing was changed.')
      throw new PosternError('init.cancelled', 'init was cancelled')
    },
  }
  const sites = Object.entries(now.addresses)
  const questions = sites.map(([site, address]) => [
    site,
    () => text({ message: `Address of the ${site} site`, initialValue: address, validate: addressFault }),
  ])
  const addresses = (await group(Object.fromEntries(questions), options)) as Record<string, string>
  const rest = await group(
    {
      email: () =>
        text({
          message: 'E-mail for public certificates (ACME); empty: Caddy signs its own, for local use',
          initialValue: now.tls.mode === 'acme' ? (now.tls.email ?? '') : '',
          validate: emailFault,
        }),
      office: () =>
        text({
          message:
            'Networks that may reach the sites beside this machine, such as 10.20.4.0/24 (separate with commas)',
          initialValue: now.office.join(', '),
          validate: networksFault,
        }),
      operator: () =>
        text({ message: 'Name of the first operator', initialValue: now.operator, validate: operatorFault }),
    },
    options,
  )
  return {
    addresses,
    tls: tlsFrom(now, rest.email ?? ''),
    office: listOf(rest.office),
    operator: rest.operator,
  }
}

/** The fault of an address, in words for the prompt; undefined when there is none. */
export function addressFault(value: string | undefined): string | undefined {
  const isName = ADDRESS.test(value ?? '') && !/^https:\/\/[\d.]+(:|$)/.test(value ?? '')
  return isName ? undefined : 'expected https://host or https://host:port; the host is a name, not a number'
}

/** The same for a list of networks. */
export function networksFault(value: string | undefined): string | undefined {
  const wrong = listOf(value).find(cidr => parseCidr(cidr) === undefined)
  return wrong === undefined ? undefined : `${wrong} is no network such as 10.20.4.0/24 or 2001:db8::/32`
}

function emailFault(value: string | undefined): string | undefined {
  return value === undefined || value === '' || EMAIL.test(value) ? undefined : 'expected an e-mail address'
}

function operatorFault(value: string | undefined): string | undefined {
  return OPERATOR.test(value ?? '') ? undefined : 'expected a name of a-z, 0-9 and -, beginning with a letter'
}

/** Certificates from files are set up in edge.yaml and stay as they are. */
function tlsFrom(now: StarterAnswers, email: string): Readonly<Record<string, string>> {
  if (email === '') return now.tls.mode === 'acme' ? { mode: 'internal' } : now.tls
  return { ...(now.tls.mode === 'acme' ? now.tls : {}), mode: 'acme', email }
}

function listOf(value: string | undefined): readonly string[] {
  return (value ?? '')
    .split(',')
    .map(part => part.trim())
    .filter(part => part !== '')
}
