import { present } from '../../lib/present.ts'
import { duration } from '../shape/notation.ts'
import type { Retention } from '../snapshot.ts'
import type { Declared } from './declared.ts'
import { parsed } from './values.ts'

/** What is not written is kept. */
export function compileRetention({ retention }: Declared): Retention {
  const ms = (text: string | undefined) => (text === undefined ? undefined : parsed(duration, text))
  const { messages, deliveries } = retention
  return present({
    bodyMs: ms(messages?.body),
    metadataMs: ms(messages?.metadata),
    mediaMs: ms(messages?.media),
    deliveredMs: ms(deliveries?.delivered),
    deadMs: ms(deliveries?.dead),
  })
}
