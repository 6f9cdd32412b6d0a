/** One file of the policy folder. `name` is relative to that folder, with `/` between its parts. */
export type PolicyFile = { readonly name: string; readonly text: string }
