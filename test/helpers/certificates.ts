import {
  type CertificateAndKey,
  type CertificateRequest,
  createAuthority,
  signCertificate,
} from '../../app/identity/pki/certificate.ts'

const DAY_MS = 24 * 60 * 60 * 1_000

/** An authority of a test's own, with the means to sign what no honest authority would. */
export type TestAuthority = CertificateAndKey & {
  issue(request?: Partial<CertificateRequest>): Promise<CertificateAndKey>
}

/** Moment `days` from now, for certificates that are over or have not begun. */
export function daysFromNow(days: number): Date {
  return new Date(Date.now() + days * DAY_MS)
}

/** Valid since thirty days ago, for `days` more. The defaults of `issue` are an honest client named `test`: valid since yesterday, for ten days, clientAuth. */
export async function createTestAuthority(commonName = 'Test CA', days = 30): Promise<TestAuthority> {
  const validity = { notBefore: daysFromNow(-30), notAfter: daysFromNow(days) }
  const authority = await createAuthority(commonName, validity)
  return testAuthority(authority)
}

/** The same around an authority that exists, such as the client CA that `init` made. */
export function testAuthority(authority: CertificateAndKey): TestAuthority {
  return {
    ...authority,
    issue: request =>
      signCertificate(authority, {
        commonName: 'test',
        usages: ['clientAuth'],
        uris: ['spiffe://postern/client/test'],
        notBefore: daysFromNow(-1),
        notAfter: daysFromNow(10),
        ...request,
      }),
  }
}
