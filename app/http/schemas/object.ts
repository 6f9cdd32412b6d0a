/** The schema of an object that has these members and no other. */
export const objectOf = <const Properties extends object>(
  properties: Properties,
  required: readonly string[] = [],
) => ({ type: 'object', required, additionalProperties: false, properties }) as const
