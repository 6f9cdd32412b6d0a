/** The part of package-lock.json that is read here. */
export type LockFile = {
  readonly packages: Readonly<
    Record<string, { readonly version?: string; readonly license?: string; readonly dev?: boolean }>
  >
}

/** A package that runs in production. */
export type Licensed = {
  readonly name: string
  readonly version: string
  /** As the package says it; empty when it says nothing. */
  readonly licence: string
  /** Its folder below the repository. */
  readonly folder: string
}

/** Licences that ask for no more than that their text goes along. */
const PERMISSIVE = new Set([
  'MIT',
  'ISC',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'Apache-2.0',
  '0BSD',
  'BlueOak-1.0.0',
])

/** What asks for more, and what follows from it; README.md has it at length. */
const NAMED: readonly {
  readonly packages: RegExp
  readonly licence: RegExp
  readonly consequence: string
}[] = [
  {
    packages: /^libsignal$/,
    licence: /^GPL-3\.0$/,
    consequence:
      'whoever passes on an image or a bundle that holds it passes the whole on under the terms of the GPL-3.0',
  },
  {
    packages: /^@img\/sharp(-|$)/,
    licence: /^(Apache-2\.0 AND )?LGPL-3\.0-or-later( AND MIT)?$/,
    consequence: 'never loaded, and not in the images',
  },
]

/** Every package that `npm ci --omit=dev` may install on some platform, by name. */
export function productionPackages({ packages }: LockFile): readonly Licensed[] {
  return Object.entries(packages)
    .filter(([folder, { dev }]) => folder !== '' && dev !== true)
    .map(([folder, { version = '', license = '' }]) => ({
      name: folder.slice(folder.lastIndexOf('node_modules/') + 'node_modules/'.length),
      version,
      licence: license,
      folder,
    }))
    .sort((one, other) => (one.name < other.name ? -1 : 1))
}

/** What follows from a package's licence: nothing for a permissive one. Undefined when nobody has looked at it yet. */
export function consequenceOf({ name, licence }: Licensed): string | undefined {
  const named = NAMED.find(({ packages, licence: wanted }) => packages.test(name) && wanted.test(licence))
  if (named !== undefined) return named.consequence
  return licence !== '' && licence.split(' AND ').every(part => PERMISSIVE.has(part)) ? '' : undefined
}

/** The list for people, as Markdown. Throws for a licence that nobody has looked at. */
export function licenceList(packages: readonly Licensed[]): string {
  const rows = packages.map(one => {
    const consequence = consequenceOf(one)
    if (consequence === undefined)
      throw new Error(
        `${one.name} ${one.version}: the licence ${JSON.stringify(one.licence)} is not known here`,
      )
    return `| ${one.name} | ${one.version} | ${one.licence} | ${consequence} |`
  })
  return [
    '# Licences',
    '',
    '| package | version | licence | what follows |',
    '| --- | --- | --- | --- |',
    ...rows,
    '',
  ].join('\n')
}
