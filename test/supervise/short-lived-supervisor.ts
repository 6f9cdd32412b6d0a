import { createCrew } from '../../app/supervise/processes/crew.ts'
import { shellPart } from './world.ts'

/*
 * A supervisor to be killed: two parts in the folder, one of which does not listen to SIGTERM. Prints the process ids as
 * JSON. Ends cleanly at SIGINT.
 */
const [folder = '', endpointsFile = ''] = process.argv.slice(2)
const interrupted = new AbortController()
const crew = createCrew({
  now: () => new Date(),
  random: Math.random,
  interrupted: interrupted.signal,
  endpointsFile,
  tell: console.error,
  onRestart: () => console.log(JSON.stringify(crew.pids())),
})
await crew.start(shellPart(folder, 'touch up; exec sleep 60', { name: 'quick' }))
await crew.start(shellPart(folder, "trap '' TERM; touch up; sleep 0.5; exec sleep 0.5", { name: 'slow' }))
process.once('SIGINT', () => void crew.stop())
console.log(JSON.stringify(crew.pids()))
