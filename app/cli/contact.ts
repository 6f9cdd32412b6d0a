import { Command, InvalidArgumentError } from 'commander'
import { privacyCommands } from './contact-privacy.ts'
import { contactText, type ShownContact } from './contact-text.ts'
import { tellControl } from './control.ts'
import { print, type RunningDeps, type RunningFlags, runningCommand } from './running.ts'

type ConsentFlags = RunningFlags & {
  readonly purpose?: string
  readonly grantedAt?: string
  readonly evidence?: string
}

const VERBS = ['show', 'grant', 'withdraw'] as const
type Verb = (typeof VERBS)[number]

/** `postern contact`: what contacts have said about being written to, and what is stored about them. */
export function contactCommand(deps: RunningDeps): Command {
  const contact = new Command('contact')
    .description('what contacts have said about being written to, and what is stored about them')
    .addCommand(consentCommand(deps))
  for (const command of privacyCommands(deps)) contact.addCommand(command)
  return contact
}

function consentCommand(deps: RunningDeps): Command {
  const example =
    'contact consent +12025550111 grant --purpose billing --granted-at 2026-11-23T10:00:00Z --evidence "form 7"'
  return runningCommand(
    'consent',
    'show what a contact has consented to, write it down or take it back',
    example,
  )
    .argument('<number>', 'in international form, with or without +')
    .argument('[verb]', `${VERBS.join(', ')} (default: show)`, verbOf, 'show')
    .option('--purpose <purpose>', 'what the consent is to; without it all consents are withdrawn')
    .option('--granted-at <instant>', 'when the contact said so')
    .option('--evidence <text>', 'how that can be shown: the id of a form, a call, a ticket')
    .action(async (number: string, verb: Verb, flags: ConsentFlags) => {
      const question = questionOf(verb, flags)
      const path = `/v1/contacts/${encodeURIComponent(number)}/consent${question.query}`
      const contact = await tellControl<ShownContact>(deps.configure(flags), { ...question, path })
      print(contact, flags, contactText)
    })
}

function questionOf(verb: Verb, { purpose, grantedAt, evidence }: ConsentFlags) {
  switch (verb) {
    case 'show':
      return { method: 'GET', query: '' } as const
    case 'grant':
      return { method: 'PUT', query: '', body: { purpose, granted_at: grantedAt, evidence } } as const
    case 'withdraw': {
      const query = purpose === undefined ? '' : `?${new URLSearchParams({ purpose })}`
      return { method: 'DELETE', query } as const
    }
  }
}

function verbOf(text: string): Verb {
  const verb = VERBS.find(known => known === text)
  if (verb === undefined) throw new InvalidArgumentError(`expected one of ${VERBS.join(', ')}`)
  return verb
}
