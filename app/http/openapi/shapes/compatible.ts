import {
  COUNT,
  FLAG,
  INSTANT,
  listOf,
  oneOfWords,
  orNull,
  partial,
  type Schema,
  shape,
  TEXT,
} from './shape.ts'

const PRODUCT = { messaging_product: { const: 'whatsapp' } } as const

/** What Cloud API answers, as far as it is told here. */
export const GRAPH_SHAPES = {
  GraphAccepted: shape({
    ...PRODUCT,
    contacts: listOf(shape({ input: TEXT, wa_id: TEXT })),
    messages: listOf(
      shape({ id: TEXT, message_status: oneOfWords(['held_for_quality_assessment']) }, ['message_status']),
    ),
  }),
  GraphSuccess: shape({ success: { ...FLAG, const: true } }),
  GraphUpload: shape({ id: TEXT }),
  GraphMedia: shape({
    ...{ ...PRODUCT, url: TEXT, mime_type: orNull(TEXT), sha256: orNull(TEXT), file_size: orNull(COUNT) },
    id: TEXT,
  }),
  GraphAccount: shape(
    {
      ...{ display_phone_number: orNull(TEXT), verified_name: TEXT },
      status: oneOfWords(['CONNECTED', 'DISCONNECTED', 'PENDING', 'UNVERIFIED']),
      ...{ quality_rating: oneOfWords(['UNKNOWN']), id: TEXT },
    },
    ['display_phone_number', 'verified_name', 'status', 'quality_rating'],
  ),
  GraphProfile: shape({
    data: listOf(partial({ ...PRODUCT, about: TEXT, profile_picture_url: TEXT })),
  }),
  GraphError: shape({
    error: shape(
      {
        ...{ message: TEXT, type: TEXT, code: COUNT, error_subcode: COUNT },
        error_data: shape({ ...PRODUCT, details: TEXT }),
        fbtrace_id: { type: 'string', description: 'the request’s id' },
      },
      ['error_subcode'],
    ),
  }),
} as const satisfies Readonly<Record<string, Schema>>

export const WHINSELF_NAMES = {
  Found: FLAG,
  FirstName: TEXT,
  FullName: TEXT,
  PushName: TEXT,
  BusinessName: TEXT,
} as const

/** What Whinself answers, where it is no sentence: in the words of the library that it is made with. */
export const WHINSELF_SHAPES = {
  WhinselfGroup: shape({
    ...{ JID: TEXT, OwnerJID: TEXT, Name: TEXT, Topic: TEXT, IsLocked: FLAG, IsAnnounce: FLAG },
    ...{ IsEphemeral: FLAG, DisappearingTimer: COUNT, IsParent: FLAG, LinkedParentJID: TEXT },
    ...{ IsJoinApprovalRequired: FLAG, MemberAddMode: TEXT, GroupCreated: orNull(INSTANT) },
    Participants: listOf(shape({ JID: TEXT, IsAdmin: FLAG, IsSuperAdmin: FLAG })),
  }),
  WhinselfChannel: shape({
    id: TEXT,
    thread_metadata: shape({
      ...{ name: shape({ text: TEXT }), description: shape({ text: TEXT }), invite: TEXT },
      ...{ subscribers_count: TEXT, creation_time: TEXT, verification: TEXT },
    }),
    viewer_metadata: shape({ role: TEXT, mute: oneOfWords(['on', 'off']) }),
  }),
  WhinselfPost: shape({
    ...{ MessageServerID: COUNT, MessageID: TEXT, Timestamp: orNull(INSTANT) },
    ReactionCounts: { type: 'object', additionalProperties: COUNT },
    Message: { type: 'object', description: 'what it says, in the form of WhatsApp’s own messages' },
  }),
  WhinselfContact: shape(WHINSELF_NAMES),
} as const satisfies Readonly<Record<string, Schema>>
