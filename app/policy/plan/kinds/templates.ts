import type { Template } from '../../../model/template.ts'
import { names, note, WIDENS } from '../field.ts'
import { type Rows, section, stateOf } from '../section.ts'

const rows: Rows<Template> = {
  name: [],
  language: [note('language', ({ language }) => language)],
  body: [note('body', ({ body }) => JSON.stringify(body))],
  parameters: [
    {
      ...names<Template>('parameters', ({ parameters }) => typed(parameters), { ...WIDENS, absent: 'none' }),
      judge: () => ['NEUTRAL'],
      state: 'Callers must give what it asks for now.',
    },
  ],
}

const NEW = 'It is sent by those whom rules allow it.'
const GONE = 'Messages that name it are refused from now on; those that wait have their words already.'

/** What is said is no matter of who may say it: that is in the rules. */
export const templates = section<Template>({
  kind: 'Templates',
  noun: 'template',
  all: snapshot => snapshot.templates,
  rows,
  added: () => ['NEUTRAL'],
  removed: () => ['TIGHTER'],
  stateOf: stateOf(NEW, GONE),
})

function typed(parameters: Template['parameters']): readonly string[] {
  return Object.entries(parameters).map(([parameter, type]) => `${parameter}: ${type}`)
}
