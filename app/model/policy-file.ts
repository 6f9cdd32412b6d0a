/** One file of the policy folder. `name` is relative to that folder, with `/` between its parts. */
export type PolicyFile = { readonly name: string; readonly text: string }

/** The signature of a policy folder. Beside the policy files, but none of them: its name does not end as theirs do. */
export const SIGNATURE_FILE = 'policy.sig'
