import { encode } from 'uqr'
import { pngOf } from '../../http/wire/png.ts'
import { CONTACT, callApi, callSimulator, jsonOf, type TourContext } from './context.ts'
import { decrypted, send, webhookOf, writeToUs } from './exchange.ts'
import { expect, type Step } from './tour.ts'

const PIXELS = 8
const FILES = '/v1/accounts/main/media'

/** Step 7: what is drawn here reaches the phone, and what the phone sends reaches us, without a byte changed. */
export const pictureStep: Step<TourContext> = {
  step: 'a picture out and a picture in, byte for byte',
  async run(context) {
    const out = await sendPicture(context, drawn('Table 7, at seven'))
    const back = await receivePicture(context, drawn('A photo of the table'))
    return `${out} bytes out, ${back} bytes in`
  },
}

function drawn(text: string): Buffer {
  return Buffer.from(pngOf(encode(text).data, PIXELS))
}

async function sendPicture(context: TourContext, picture: Buffer): Promise<number> {
  const headers = { 'content-type': 'application/octet-stream' }
  const upload = await callApi(context, { method: 'POST', path: FILES, rawBody: picture, headers })
  expect(upload.status === 201, `the upload answered ${upload.status}: ${upload.text}`)
  const image = { id: jsonOf<{ id: string }>(upload).id, caption: 'Your table' }
  const { message_id } = await send(context, { type: 'image', image })
  const entry = await decrypted(context, CONTACT, message_id)
  expect(entry.type === 'image', `the phone got a message of type ${entry.type}`)
  const file = (await callSimulator(context, `/phones/${CONTACT}/media/${message_id}`)) as { data: string }
  expect(Buffer.from(file.data, 'base64').equals(picture), 'the phone decrypted another picture')
  return picture.length
}

async function receivePicture(context: TourContext, picture: Buffer): Promise<number> {
  const image = { data: picture.toString('base64') }
  const messageId = await writeToUs(context, CONTACT, { type: 'image', image })
  const { body } = await webhookOf(context, messageId)
  const { data } = JSON.parse(body) as { data: { image?: { id?: string } } }
  const id = data.image?.id
  expect(id !== undefined, 'the webhook names no picture')
  const answer = await callApi(context, { path: `${FILES}/${id}` })
  expect(answer.status === 200, `the picture answered ${answer.status}: ${answer.text}`)
  expect(answer.bytes.equals(picture), 'another picture arrived than the phone sent')
  return picture.length
}
