import type { Source } from '../writer/transaction.ts'

type Row = { readonly status: string; readonly count: number }

/** Both are answered from an index alone (`messages_of_status`, `deliveries_of_status`), whatever the bodies weigh. */
export function countOutbox({ db }: Source): readonly (Row & { readonly account: string })[] {
  return db.all(
    `SELECT account, status, COUNT(*) AS count FROM messages WHERE status <> 'received' GROUP BY account, status`,
  )
}

export function countDeliveries({ db }: Source): readonly Row[] {
  return db.all(`SELECT status, COUNT(*) AS count FROM deliveries GROUP BY status`)
}
