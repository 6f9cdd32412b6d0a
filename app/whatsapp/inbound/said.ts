import type { proto } from '@whiskeysockets/baileys'
import { newId } from '../../lib/ids.ts'
import type { Message } from '../../model/message.ts'
import { contentOf, secretOfPoll } from './content.ts'
import { fileOf, withFile } from './file.ts'
import type { Reader } from './reading.ts'

/** What of a message comes from its inside. */
export type Said = Pick<Message, 'content' | 'secret' | 'file'>

/** What a message says, with what opens its file and the votes for it; undefined when it is nothing to be kept. */
export async function saidIn(
  wrapped: proto.IMessage | null | undefined,
  { at, lookup }: Pick<Reader, 'at' | 'lookup'>,
): Promise<Said | undefined> {
  const content = await contentOf(wrapped, lookup)
  if (content === undefined) return undefined
  const [secret, file] = [secretOfPoll(wrapped), fileOf(wrapped)]
  return {
    content: file === undefined ? content : withFile(content, newId('med', at)),
    ...(secret === undefined ? {} : { secret }),
    ...(file === undefined ? {} : { file }),
  }
}
