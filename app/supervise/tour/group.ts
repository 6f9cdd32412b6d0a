import { CONTACT, callApi, callSimulator, jsonOf, type TourContext } from './context.ts'
import { decrypted, send } from './exchange.ts'
import { expect, type Step } from './tour.ts'

const TEXT = 'Tea at four, in the kitchen 🫖'
/** Beside the contact of the steps before. */
const OTHERS = { '+15550100004': 'Dora', '+15550100005': 'Emil' }

/** Step 8: one message to a group is read by each who is in it. */
export const groupStep: Step<TourContext> = {
  step: 'a group message decrypted by each member',
  async run(context) {
    for (const [number, name] of Object.entries(OTHERS))
      await callSimulator(context, '/phones', { number, name })
    const members = [CONTACT, ...Object.keys(OTHERS)]
    const made = await callApi(context, {
      method: 'POST',
      path: '/v1/accounts/main/groups',
      body: { subject: 'Kitchen', participants: members },
    })
    expect(made.status === 201, `the group answered ${made.status}: ${made.text}`)
    const { id } = jsonOf<{ id: string }>(made)
    const { message_id } = await send(context, { to: id, type: 'text', text: { body: TEXT } })
    for (const member of members) {
      const { text } = await decrypted(context, member, message_id)
      expect(text?.body === TEXT, `${member} decrypted another text`)
    }
    return `${members.length} members of ${id}`
  },
}
