const text = (maxLength: number) => ({ type: 'string', minLength: 1, maxLength }) as const

const file = <const Properties extends object>(more: Properties) =>
  ({
    type: 'object',
    additionalProperties: false,
    properties: {
      id: { ...text(64), description: 'of a file that was uploaded or received' },
      link: { ...text(2_048), description: 'https: where the file is fetched from before the answer' },
      ...more,
    },
  }) as const

const CAPTION = { caption: text(1_024) }

/** The member that is named by `type`, for the types that carry a file. */
export const FILE_SCHEMAS = {
  image: file(CAPTION),
  video: file(CAPTION),
  audio: file({ voice: { type: 'boolean', description: 'a voice note: Opus in Ogg' } }),
  document: file({ ...CAPTION, filename: text(255) }),
  sticker: file({}),
} as const

/** What their schemas let through. */
export type FileMember = {
  readonly id?: string
  readonly link?: string
  readonly caption?: string
  readonly filename?: string
  readonly voice?: boolean
}

/** Beside the member, for what can be shown once. */
export const VIEW_ONCE = {
  view_once: { type: 'boolean', description: 'its reader can open it once; not for a status' },
} as const
