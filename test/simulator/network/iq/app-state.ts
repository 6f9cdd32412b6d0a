import { bytesOf, children, type Stanza, stanza } from '../../wire/stanza.ts'
import { type IqContext, type IqTable, result } from './table.ts'

/** The app state: encrypted patches that the simulator keeps in order and cannot read. */
export const appStateIqs: IqTable = {
  'w:sync:app:state set sync': async context => {
    const answers = children(context.request, 'collection').map(asked => answer(context, asked))
    await context.network.world.db.committed()
    return result(stanza('sync', {}, answers))
  },
}

function answer({ network, user }: IqContext, asked: Stanza): Stanza {
  const { collections } = network.world
  const { name = '', version = '0' } = asked.attrs
  const patch = bytesOf(asked, 'patch')
  if (patch !== undefined && Number(version) !== collections.version(user.number, name)) {
    return stanza('collection', { name, type: 'error' }, [stanza('error', { code: '409', text: 'conflict' })])
  }
  if (patch !== undefined) {
    return stanza('collection', { name, version: String(collections.append(user.number, name, patch)) })
  }
  const missed = collections.after(user.number, name, Number(version))
  const patches = missed.map(missing => stanza('patch', {}, Buffer.from(missing)))
  const content = patches.length === 0 ? undefined : [stanza('patches', {}, patches)]
  return stanza('collection', { name, version: String(collections.version(user.number, name)) }, content)
}
