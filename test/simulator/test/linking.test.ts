import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Browsers } from '@whiskeysockets/baileys'
import { closed, copyOf, newAccount, opened, qrOf } from './plain-client.ts'
import { jid, MAIN, Rig } from './rig.ts'

test('links an unmodified Baileys by QR and lets it open with its first synchronisation done', async t => {
  const rig = await Rig.start(t)
  const { account, sock } = await rig.linked(MAIN)
  assert.equal(sock.user?.id, `${MAIN}:1@s.whatsapp.net`)
  assert.match(String(sock.user?.lid), /^\d{15}:1@lid$/)
  await rig.eventually(() => account.creds.accountSyncCounter, 1)
  assert.ok(account.creds.myAppStateKeyId)
  const { violations, unanswered, accounts } = await rig.stats()
  assert.deepEqual({ violations, unanswered, accounts }, { violations: 0, unanswered: [], accounts: 1 })
})

test('rotates QR codes, and a phone may scan any of those that were shown', async t => {
  const rig = await Rig.start(t)
  await rig.ask('POST', '/phones', { number: MAIN })
  const sock = rig.connect(newAccount(), { qrTimeout: 100 })
  const first = await qrOf(sock)
  const second = await qrOf(sock)
  assert.notEqual(first, second)
  const end = closed(sock)
  await rig.ask('POST', `/phones/${MAIN}/scan`, { qr: first })
  assert.equal(await end, 515)
  await assert.rejects(
    rig.ask('POST', `/phones/${MAIN}/scan`, { qr: second }),
    /409 this QR code is not valid/,
  )
})

test('refuses a QR code whose device has hung up, and one that shows another identity', async t => {
  const rig = await Rig.start(t)
  await rig.ask('POST', '/phones', { number: MAIN })
  const gone = rig.connect(newAccount())
  const stale = await qrOf(gone)
  await gone.end(undefined)
  await rig.eventually(async () => (await rig.stats()).connections, 0)
  await assert.rejects(
    rig.ask('POST', `/phones/${MAIN}/scan`, { qr: stale }),
    /409 this QR code is not valid/,
  )
  const parts = (await qrOf(rig.connect(newAccount()))).split(',')
  const forged = [parts[0], parts[1], newAccount().creds.advSecretKey, parts[3], parts[4]].join(',')
  await assert.rejects(rig.ask('POST', `/phones/${MAIN}/scan`, { qr: forged }), /another identity/)
})

test('links by pairing code, and a wrong code links nothing', async t => {
  const rig = await Rig.start(t)
  await rig.ask('POST', '/phones', { number: MAIN })
  const account = newAccount()
  const sock = rig.connect(account, { browser: Browsers.ubuntu('Chrome') })
  await qrOf(sock)
  await assert.rejects(
    rig.ask('POST', `/phones/${MAIN}/enter-code`, { code: 'ABCD2345' }),
    /no device has asked/,
  )
  await sock.requestPairingCode(MAIN, 'WRNG2345')
  await assert.rejects(
    rig.ask('POST', `/phones/${MAIN}/enter-code`, { code: 'RGHT2345' }),
    /409 the code is wrong/,
  )
  assert.deepEqual((await rig.stats()).accounts, 0)
  const again = newAccount()
  const second = rig.connect(again, { browser: Browsers.ubuntu('Chrome') })
  await qrOf(second)
  const code = await second.requestPairingCode(MAIN)
  const end = closed(second)
  await rig.ask('POST', `/phones/${MAIN}/enter-code`, {
    code: `${code.slice(0, 4)}-${code.slice(4).toLowerCase()}`,
  })
  assert.equal(await end, 515)
  await opened(rig.connect(again))
})

test('unlinking ends the session with 401, and the device is refused from then on', async t => {
  const rig = await Rig.start(t)
  const { account, sock } = await rig.linked(MAIN)
  const end = closed(sock)
  await rig.ask('POST', `/accounts/${MAIN}/unlink`, {})
  assert.equal(await end, 401)
  assert.equal(await closed(rig.connect(account)), 401)
})

test('a device that logs out itself is gone as well', async t => {
  const rig = await Rig.start(t)
  const { account, sock } = await rig.linked(MAIN)
  await sock.logout()
  assert.equal(await closed(rig.connect(account)), 401)
})

test('a second log-in of the same device replaces the first, which ends with 440', async t => {
  const rig = await Rig.start(t)
  const { account, sock } = await rig.linked(MAIN)
  const end = closed(sock)
  await opened(rig.connect(copyOf(account)))
  assert.equal(await end, 440)
})

test('a device with another Noise key than the linked one is refused, the linked one is let in', async t => {
  const rig = await Rig.start(t)
  const { account, sock } = await rig.linked(MAIN)
  await sock.end(undefined)
  const stranger = copyOf(account)
  const creds = { ...stranger.creds, noiseKey: newAccount().creds.noiseKey }
  assert.equal(await closed(rig.connect({ ...stranger, creds })), 401)
  await opened(rig.connect(account))
})

test('says who is on WhatsApp', async t => {
  const rig = await Rig.start(t)
  const { sock } = await rig.linked(MAIN)
  const found = await sock.onWhatsApp(MAIN, '12025550199')
  assert.deepEqual(found, [{ jid: jid(MAIN), exists: true }])
})

test('an unknown account is refused without having been linked', async t => {
  const rig = await Rig.start(t)
  const account = newAccount()
  const me = { id: `${MAIN}:3@s.whatsapp.net`, name: 'nobody' }
  const sock = rig.connect({ ...account, creds: { ...account.creds, me } })
  assert.equal(await closed(sock), 401)
})
