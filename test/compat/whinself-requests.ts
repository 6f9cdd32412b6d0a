import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { before, test } from 'node:test'
import { eventually, type Sandbox } from '../gateway/sandbox.ts'
import { jpeg } from '../media/samples.ts'

const CAROL = '+15550100052'
const JID = `${CAROL.slice(1)}@s.whatsapp.net`
const VCARD = 'BEGIN:VCARD\nVERSION:3.0\nN:Doe;John;;;\nFN:John Doe\nTEL;TYPE=CELL:+1234567890\nEND:VCARD'
const PLACE = {
  latitude: 37.4224764,
  longitude: -122.0842499,
  name: 'Googleplex',
  address: '1600 Amphitheatre Parkway',
}
const PAGE = {
  title: 'Link Title',
  text: 'Link Description',
  url: 'https://example.com',
  description: 'More',
}

type Entry = { readonly id: string; readonly type: string } & Readonly<Record<string, unknown>>

/** The messages of Whinself's specification, and what of each the contact must have. */
const MESSAGES: readonly (readonly [name: string, body: object, sentence: RegExp, want: object])[] = [
  ['a text', { text: 'Hello, world!' }, /^Text message/, { type: 'text', text: { body: 'Hello, world!' } }],
  [
    'a link',
    { link: PAGE },
    /^Text message/,
    { type: 'text', text: { body: 'Link Title\nLink Description\nMore\nhttps://example.com' } },
  ],
  ['a place', { location: PLACE }, /^Location message/, { type: 'location', location: PLACE }],
]

/** Requests as Whinself documents them, through the real edge with a client certificate. */
export function whinselfTests(running: () => Sandbox): void {
  const caller = callerOf(running)
  before(async () => {
    await running().simulator('/phones', { number: CAROL, name: 'Carol' })
  })
  messageTests(caller)
  groupTests(caller)
  channelTests(caller, running)
  contactTests(caller, running)
  refusalTests(caller)
}

type Caller = ReturnType<typeof callerOf>

function callerOf(running: () => Sandbox) {
  const ask = async (path: string, body?: object) =>
    await running().api({ path: `/compat/whinself/main/${path}`, ...(body && { body }) })
  const told = async (path: string, body?: object) => {
    const { status, text } = await ask(path, body)
    assert.equal(status, 200, text)
    return text
  }
  const json = async (path: string, body?: object) => JSON.parse(await told(path, body))
  const inbox = async (id: string): Promise<Entry> =>
    await eventually(`${id} in the inbox`, async () => {
      const { data } = (await running().simulator(`/phones/${CAROL}/inbox`)) as { data: Entry[] }
      return data.find(entry => entry.id === id)
    })

  return { ask, told, json, inbox }
}

function messageTests({ told, json, inbox }: Caller): void {
  for (const [name, body, sentence, want] of MESSAGES)
    test(`wspout sends ${name}, which the contact has`, async () => {
      const text = await told('wspout', { jid: JID, ...body })
      assert.match(text, sentence)
      const entry = await inbox(text.split(': ')[1] ?? '')
      for (const [member, value] of Object.entries(want)) assert.deepEqual(entry[member], value)
    })

  test('wspout sends a picture that is in the request', async () => {
    const picture = jpeg(30, 20)
    const image = { b64: picture.toString('base64') }
    const text = await told('wspout', { jid: JID, image, caption: 'Optional caption' })
    assert.match(text, /^Image message/)
    const entry = await inbox(text.split(': ')[1] ?? '')
    assert.deepEqual(
      [entry.type, (entry.image as { caption: string }).caption],
      ['image', 'Optional caption'],
    )
    assert.equal(entry.media_sha256, createHash('sha256').update(picture).digest('hex'))
  })

  test('wspout sends a card, and createpoll a poll', async () => {
    const text = await told('wspout', { jid: JID, contact: { displayName: 'John Doe', vcard: VCARD } })
    assert.equal((await inbox(text.split(': ')[1] ?? '')).type, 'contacts')
    const optionNames = ['Option 1', 'Option 2', 'Option 3']
    const poll = { chat: JID, name: 'Poll Question', optionNames, selectableOptionCount: 1 }
    const { ID } = await json('createpoll', poll)
    assert.deepEqual((await inbox(ID)).poll, {
      name: 'Poll Question',
      options: optionNames,
      selectable_count: 1,
    })
  })
}

function groupTests({ told, json }: Caller): void {
  test('a group is made, named, given a topic and a photo, asked about, changed and left', async () => {
    const { JID: jid, Name } = await json('creategroup', { name: 'Group Name', participants: [JID] })
    assert.equal(Name, 'Group Name')
    await told('setgroupname', { jid, name: 'New Group Name' })
    await told('setgrouptopic', { jid, previous_id: 'a', new_id: 'b', topic: 'New Group Topic' })
    await told('setgroupphoto', { jid, avatar: jpeg().toString('base64') })
    const info = await json('getgroupinfo', { jid })
    assert.deepEqual(
      [info.Name, info.Topic, info.Participants.length],
      ['New Group Name', 'New Group Topic', 2],
    )
    const link = await told('getgroupinvitelink', { jid, reset: false })
    assert.match(link, /^https:\/\/chat\.whatsapp\.com\//)
    assert.notEqual(await told('getgroupinvitelink', { jid, reset: true }), link)
    assert.deepEqual(
      await json('upgradegroupparticipants', { jid, participant_jids: [JID], action: 'promote' }),
      [{ JID, Error: 0 }],
    )
    const joined = (await json('getjoinedgroups')) as { JID: string }[]
    assert.ok(joined.some(group => group.JID === jid))
    await told('leavegroup', { jid })
    assert.ok(!((await json('getjoinedgroups')) as { JID: string }[]).some(group => group.JID === jid))
  })
}

function channelTests({ told, json }: Caller, running: () => Sandbox): void {
  test('a channel is made with a logo, published in, read, and others are followed', async () => {
    const picture = { b64: jpeg().toString('base64') }
    const made = await json('newchannel', {
      name: 'Channel Name',
      description: 'Channel description',
      picture,
    })
    assert.equal(made.thread_metadata.name.text, 'Channel Name')
    assert.match(
      await told('channelpublish', { jid: made.id, text: 'Channel message text' }),
      /^Text message/,
    )
    await eventually('the post', async () => {
      const posts = (await json(`getnewslettermessages?channelJID=${made.id}&count=5`)) as {
        Message: object
      }[]
      return posts.find(
        ({ Message }) => JSON.stringify(Message) === '{"conversation":"Channel message text"}',
      )
    })
    const theirs = (await running().simulator('/channels', { creator: CAROL, name: 'Weather' })) as {
      id: string
    }
    const number = theirs.id.split('@')[0]
    assert.equal(await told(`follow?channel=${number}`), 'Subscription enabled.')
    assert.ok(((await json('following')) as { id: string }[]).some(({ id }) => id === theirs.id))
    assert.equal((await json(`getchannelinfo?jid=${theirs.id}`)).viewer_metadata.role, 'subscriber')
    assert.deepEqual(await json(`getnewslettermessageupdates?channelJID=${theirs.id}&after=1`), [])
    assert.equal(await told(`unfollow?channel=${number}`), 'Subscription terminated.')
  })
}

function contactTests({ told, json }: Caller, running: () => Sandbox): void {
  test('a contact is put into the address book, told of, and taken out', async () => {
    await told('createcontact', { jid: JID, name: 'Contact Name' })
    const { accounts } = running().endpoints()
    const book = async () =>
      JSON.stringify(await running().simulator(`/phones/${accounts.main?.phone}/contacts`))
    await eventually('the name', async () => ((await book()).includes('Contact Name') ? true : undefined))
    assert.equal((await json(`getcontact?phone=${encodeURIComponent(CAROL)}`)).Found, true)
    assert.ok(JID in (await json('getcontacts')))
    await told('deletecontact', { jid: JID })
    await eventually('no name', async () => ((await book()).includes('Contact Name') ? undefined : true))
  })
}

function refusalTests({ ask, told }: Caller): void {
  test('what is wrong is told in a sentence, and how the account stands in a word', async () => {
    assert.equal(await told('status'), 'active')
    for (const [path, body, status, words] of [
      ['wspout', { jid: JID }, 400, /one of text, link/],
      ['wspout', { jid: JID, text: 'x', location: PLACE }, 400, /not 2/],
      ['wspout', { jid: 'nobody', text: 'x' }, 400, /phone number/],
      ['channelpublish', { jid: JID, text: 'x' }, 400, /newsletter/],
      ['setgroupname', { jid: JID, name: 'x' }, 400, /g\.us/],
      ['qrpng', undefined, 409, /linked/],
      ['nothing', {}, 404, /nothing at this address/],
    ] as const) {
      const answer = await ask(path, body)
      assert.equal(answer.status, status, answer.text)
      assert.match(answer.text, words)
    }
  })
}
