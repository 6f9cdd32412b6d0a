import { proto } from '@whiskeysockets/baileys'
import type { Random } from '../../store/random.ts'

export type Pad = (message: proto.IMessage) => Buffer

const MAX_PADDING = 16

/** Makes messages into what clients encrypt: with up to sixteen bytes at the end, each of which says how many they are. */
export function createPad(random: Random): Pad {
  return message => {
    const count = 1 + (random.bytes(1).readUInt8() % MAX_PADDING)
    return Buffer.concat([proto.Message.encode(message).finish(), Buffer.alloc(count, count)])
  }
}
