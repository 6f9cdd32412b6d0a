import { daysUntil, type Expiry, type ExpiryFolders, readExpiries } from '../../identity/expiry.ts'
import { orWell, type Verdict } from './verdict.ts'

/** The CAs and both ends of the hop: what of them is over, or will be soon. */
export function examineCertificates(folders: ExpiryFolders, now: Date): readonly Verdict[] {
  const expiries = readExpiries(folders, now)
  if (expiries.length === 0) return []
  const findings = expiries.flatMap(expiry => judge(expiry, now))
  const dates = expiries.flatMap(expiry => ('until' in expiry ? [dayOf(expiry.until)] : []))
  return orWell(
    findings,
    'certificates',
    `the CAs and the hop last until ${dates.toSorted()[0] ?? ''} at least`,
  )
}

function judge(expiry: Expiry, now: Date): readonly Verdict[] {
  const { name, file, remedy } = expiry
  const check = 'certificates'
  switch (expiry.state) {
    case 'good':
    case 'early': // a matter of the clock
      return []
    case 'unreadable':
      return [
        { check, verdict: 'fail', detail: `${name} ${file}: ${expiry.reason}`, remedy: './postern pki init' },
      ]
    case 'over': {
      const detail = `the ${name} is over since ${dayOf(expiry.until)}: ${file}`
      return [{ check, verdict: 'fail', detail, remedy }]
    }
    case 'soon': {
      const days = daysUntil(expiry.until, now)
      const detail = `the ${name} lasts ${days} more days, until ${dayOf(expiry.until)}: ${file}`
      return [{ check, verdict: 'warn', detail, remedy }]
    }
  }
}

function dayOf(moment: Date): string {
  return moment.toISOString().slice(0, 10)
}
