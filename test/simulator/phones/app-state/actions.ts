import type { proto } from '@whiskeysockets/baileys'
import type { CollectionName } from './held.ts'

/** Something that a user sets or takes back on one of their devices, as all of these share it. */
export type StateAction = {
  readonly collection: CollectionName
  readonly index: readonly string[]
  /** The version of the action's form. */
  readonly form: number
  /** undefined takes away what was set. */
  readonly action: proto.ISyncActionValue | undefined
}

/** Where a chat's talk ends for who archives it or marks it; the times of its last message, in seconds. */
export type ChatEnd = { readonly lastMessageTimestamp?: number }

export function archive(chat: string, archived: boolean, messageRange: ChatEnd): StateAction {
  const action = { archiveChatAction: { archived, messageRange } }
  return { collection: 'regular_low', index: ['archive', chat], form: 3, action }
}

/** `until` in milliseconds since 1970, -1 for ever, undefined for not any more. */
export function mute(chat: string, until: number | undefined): StateAction {
  const muteAction = until === undefined ? { muted: false } : { muted: true, muteEndTimestamp: until }
  return { collection: 'regular_high', index: ['mute', chat], form: 2, action: { muteAction } }
}

export function pin(chat: string, pinned: boolean): StateAction {
  return { collection: 'regular_low', index: ['pin_v1', chat], form: 5, action: { pinAction: { pinned } } }
}

export function markRead(chat: string, read: boolean, messageRange: ChatEnd): StateAction {
  const action = { markChatAsReadAction: { read, messageRange } }
  return { collection: 'regular_low', index: ['markChatAsRead', chat], form: 3, action }
}

export type StarredMessage = {
  readonly chat: string
  readonly id: string
  readonly fromMe: boolean
  /** The author of a message of somebody else in a group. */
  readonly participant?: string
}

export function star({ chat, id, fromMe, participant }: StarredMessage, starred: boolean): StateAction {
  const index = ['star', chat, id, fromMe ? '1' : '0', participant ?? '0']
  return { collection: 'regular_low', index, form: 2, action: { starAction: { starred } } }
}

/** undefined for a name that is taken out of the address book. */
export type ContactName = { readonly fullName: string; readonly firstName?: string }

export function contact(jid: string, lidJid: string, name: ContactName | undefined): StateAction {
  const action =
    name === undefined ? undefined : { contactAction: { ...name, lidJid, saveOnPrimaryAddressbook: true } }
  return { collection: 'critical_unblock_low', index: ['contact', jid], form: 2, action }
}

export function pushName(name: string): StateAction {
  const action = { pushNameSetting: { name } }
  return { collection: 'critical_block', index: ['setting_pushName'], form: 1, action }
}
