/** Small named values of the appliance itself: the policy revision, the sandbox mark. */
export type MetaStore = {
  get(name: string): Promise<string | undefined>
  set(name: string, value: string): Promise<void>
}
