import { registerHooks } from 'node:module'

/*
 * Loaded into the app by `--import`: gives it two bugs that only certain policies bring to light. Under one with an account
 * `deadly` it dies right after it has come into force, and before it is ready when it starts; under one with an account
 * `unwanted` a part of it fails to take the policy up.
 */
const ANCHOR = '  await reload.start()\n'
const BUGS = `
  const dieOfIt = () => {
    if (policy().snapshot.accounts.has('deadly')) setImmediate(() => { throw new Error('a bug: no such account') })
  }
  policySwitch.onChange(dieOfIt)
  policySwitch.onChange(() => {
    if (policy().snapshot.accounts.has('unwanted')) throw new Error('a bug: this account is not wanted')
  })
  dieOfIt()
  await new Promise(resolve => setTimeout(resolve, 10))
`

registerHooks({
  load(url, context, nextLoad) {
    const loaded = nextLoad(url, context)
    if (!url.endsWith('/app/start.ts')) return loaded
    const source = Buffer.from(loaded.source as Uint8Array).toString()
    if (!source.includes(ANCHOR)) throw new Error('app/start.ts has changed: say anew where the bugs go')
    return { ...loaded, source: source.replace(ANCHOR, `${BUGS}${ANCHOR}`) }
  },
})
