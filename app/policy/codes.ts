/** What a code means and what to do about it, for `policy explain`. A code is never given another meaning. */
export type CodeText = { readonly title: string; readonly explanation: string }

export const CODES = {
  'PS-1001': {
    title: 'not readable as YAML',
    explanation:
      'The file is not YAML 1.2, or uses keys that are not plain words. Nothing else in that part of the file is judged until it can be read.',
  },
  'PS-1002': {
    title: 'key written twice',
    explanation: 'A map holds the same key twice. Only one of them could count, so neither does.',
  },
  'PS-1003': {
    title: 'tab character',
    explanation: 'Policy files are indented with spaces, and hold no tab. Inside a quoted text write \\t.',
  },
  'PS-1004': {
    title: 'merge key',
    explanation: '`<<` is not part of YAML 1.2. Write the members out, or use an anchor for one whole value.',
  },
  'PS-1005': {
    title: 'tag',
    explanation:
      'Tags such as !env or !include are not understood, so that a file says all there is to know.',
  },
  'PS-1006': {
    title: 'too many aliases',
    explanation:
      'The aliases (*name) of one document may stand for at most 50 values, and never for themselves.',
  },
  'PS-1007': {
    title: 'file too large',
    explanation:
      'A policy file is at most 1 MiB, and holds at most 1000 documents and some 60 000 keys and values. Split it in several.',
  },
  'PS-1008': {
    title: 'not UTF-8',
    explanation:
      'Policy files are UTF-8 text. This one holds bytes that mean nothing there, mostly because it was saved as Latin-1, Windows-1252 or UTF-16. Nothing in it is judged until it is saved as UTF-8.',
  },
  'PS-1101': {
    title: 'no kind',
    explanation:
      'Every document is a map with a `kind` and a `spec`; the kind says which members it may have.',
  },
  'PS-1102': {
    title: 'unknown kind',
    explanation: 'This version has no such kind. The hint names the nearest one, the message all of them.',
  },
  'PS-1103': {
    title: 'unknown key',
    explanation:
      'The object has no such member. Ignoring one could leave open what you meant to close. Keys that begin with x- are notes and always welcome.',
  },
  'PS-1104': { title: 'missing key', explanation: 'The object must have this member.' },
  'PS-1105': {
    title: 'wrong type',
    explanation: 'A text, a number, a list or a map was expected, and something else stands there.',
  },
  'PS-1106': {
    title: 'not one of the allowed values',
    explanation: 'Only the listed values have a meaning here.',
  },
  'PS-1107': {
    title: 'wrong notation',
    explanation:
      'Durations, sizes, rates, networks, URLs, dates and names have one way of being written each.',
  },
  'PS-1108': {
    title: 'too small or too large',
    explanation: 'The number, text, list or map leaves its limits.',
  },
  'PS-1109': { title: 'value written twice', explanation: 'The same value stands twice in one list.' },
  'PS-1111': {
    title: 'members that do not go together',
    explanation: 'Each of the members is legal, together they have no meaning.',
  },
  'PS-1112': {
    title: 'template that cannot be read',
    explanation:
      'The text is not Liquid, or uses a filter or a tag that there is not: include, render, layout and everything else that reads another template are left out.',
  },
  'PS-1201': {
    title: 'a kind is missing',
    explanation: 'A policy needs one document of the kind PolicySet and one of the kind Edge.',
  },
  'PS-1202': {
    title: 'a second document of this kind',
    explanation:
      'PolicySet, Edge, Recipients and Retention exist once. Other kinds may be spread over several documents.',
  },
  'PS-1203': {
    title: 'name given twice',
    explanation: 'Names and rule ids are unique over all files. Services and people share one set of names.',
  },
  'PS-2101': {
    title: 'unknown principal',
    explanation: 'No service and no person of Principals has this name.',
  },
  'PS-2102': { title: 'unknown role', explanation: 'Access.spec.roles has no such role.' },
  'PS-2103': { title: 'unknown network', explanation: 'Networks has no such name.' },
  'PS-2104': { title: 'unknown action', explanation: 'Nothing the appliance does has this name.' },
  'PS-2105': { title: 'unknown event type', explanation: 'The appliance tells no event of this type.' },
  'PS-2106': { title: 'unknown basic-auth user', explanation: 'Edge.spec.basicAuthUsers has no such user.' },
  'PS-2107': { title: 'unknown account', explanation: 'Accounts has no such name.' },
  'PS-2108': {
    title: 'basic-auth user who is no person',
    explanation:
      'A basic-auth user acts as the person of the same name in Principals, so that person must exist.',
  },
  'PS-2109': { title: 'unknown list', explanation: 'Recipients.spec.lists has no such list.' },
  'PS-2110': { title: 'unknown message type', explanation: 'No message has this type.' },
  'PS-2111': {
    title: 'unknown contact of a test',
    explanation:
      'A request of a PolicyTest goes to a contact given in the same document, to a number with its +, to group:ID or channel:ID, or to a JID.',
  },
  'PS-2112': {
    title: 'unknown rule or limit in a test',
    explanation:
      'A PolicyTest expects a decision by a rule, by limit:NAME, or by one of the words that decisions use themselves, such as default, network, expired or revoked.',
  },
  'PS-2113': { title: 'unknown template', explanation: 'Templates has no such name.' },
  'PS-2114': {
    title: 'unknown parameter of a template',
    explanation:
      'The body uses a name that the template does not declare under parameters, so that no message could ever give it.',
  },
  'PS-2201': {
    title: 'one credential, two principals',
    explanation: 'A certificate URI or an API key must name exactly one principal.',
  },
  'PS-2203': {
    title: 'one address, two sites',
    explanation: 'Every site of the edge has an address of its own.',
  },
  'PS-2204': {
    title: 'reserved name',
    explanation: 'Decisions and the audit log use this word themselves; a second meaning would mislead.',
  },
  'PS-3101': {
    title: 'everybody is allowed',
    explanation: 'An allow rule with the principal "*" also holds for principals that are added later.',
  },
  'PS-3102': {
    title: 'wide network',
    explanation:
      'The network is wider than /16 (IPv6: /32). An allow-list that lets nearly everybody in is none.',
  },
  'PS-3103': {
    title: 'principal without network',
    explanation: 'The credential works from any address that the site lets in. Name its networks.',
  },
  'PS-3104': {
    title: 'parameter that is not used',
    explanation:
      'Every message must give all parameters that its template declares. This one changes nothing in the text.',
  },
  'PS-3105': {
    title: 'template of nobody',
    explanation: 'A rule or a hook names templates, and the kind Templates has none of that name.',
  },
  'PS-3106': {
    title: 'hook without replay protection',
    explanation:
      'Whoever has recorded one delivery could send it again and again. Give the hook a deliveryId, which a repeated delivery repeats, or a scheme that brings one.',
  },
  'PS-3107': {
    title: 'declared and not done by this version',
    explanation:
      'The file is right, and this version does not do what it asks for: the message says what happens instead. Nothing becomes more open by that.',
  },
  'PS-3108': {
    title: 'consent to nothing in particular',
    explanation:
      'Consent is given to a purpose, and a request names its own. Without when.purpose the caller chooses which of the consents counts.',
  },
  'PS-3109': {
    title: 'rule that can never match',
    explanation:
      'No request can meet all that the rule asks for: two of its conditions exclude each other, or its actions are never asked with what a condition looks at. An allow rule gives nothing then, and a deny rule protects from nothing.',
  },
  'PS-3110': {
    title: 'rule that changes nothing',
    explanation:
      'Another rule of the same effect takes in all that this one does, or a deny rule refuses all of it, since deny wins. Either the rule is left over, or the other one is wider than it was meant.',
  },
  'PS-3111': {
    title: 'access that ends soon',
    explanation:
      'The day under expires is less than 30 days away, or has passed. From then on everything that the principal asks for is refused.',
  },
  'PS-3112': {
    title: 'endpoint that cannot be reached',
    explanation:
      'The address is private, local or reserved, and deliveries go there only where allowNetworks holds it; or it is one of a metadata service, where they never go. Names are looked up at every delivery and not by the check.',
  },
  'PS-3113': {
    title: 'rule that no test reaches',
    explanation:
      'The set has tests, and none of them comes to a decision by this rule, so that nobody would see it change its meaning. spec.tests.minRuleCoverage makes an error of it.',
  },
  'PS-4101': {
    title: 'secret not found',
    explanation:
      'secret:NAME is a file NAME in the secrets folder (POSTERN_SECRETS); file:/path is that file.',
  },
  'PS-4102': {
    title: 'secret not readable',
    explanation: 'The file exists, but is empty, is no file, or its mode or owner forbids reading it.',
  },
  'PS-4104': {
    title: 'secret that others can read',
    explanation:
      'The mode of the file, and of all folders above it, lets every user of the machine read it. Certificates and public keys are not meant.',
  },
  'PS-4103': {
    title: 'secret in a policy file',
    explanation:
      'Policies are kept in Git and shown to many. Put the value in a file of the secrets folder, write secret:NAME here, and consider the value as leaked.',
  },
  'PS-4201': {
    title: 'Caddy refuses the edge',
    explanation:
      'The configuration rendered from the kind Edge was given to Caddy, and Caddy would not start with it.',
  },
  'PS-5001': {
    title: 'blocked by a guardrail',
    explanation:
      'The plan holds a change that PolicySet.spec.guardrails forbids. Leave the change out, give the plan the tag that the guardrail names (--tag), or lift the guardrail by a plan of its own first: those of the policy before the change count too.',
  },
  'PS-6001': {
    title: 'not signed',
    explanation:
      'PolicySet asks for a signature (spec.signing.require), and there is no file policy.sig in the folder. `policy sign --key FILE` makes it.',
  },
  'PS-6002': {
    title: 'signature does not hold',
    explanation:
      'policy.sig was made by none of the keys that PolicySet names, or of other files: one was changed, added or removed since. Review and sign again.',
  },
  'PS-6003': {
    title: 'no key to check signatures with',
    explanation: 'The files under spec.signing.keys hold ed25519 public keys in PEM, and nothing else.',
  },
  'PS-7001': {
    title: 'policy test fails',
    explanation:
      'The set asks for all its PolicyTest documents to pass (spec.tests.require: pass, which is the default), and one does not. `policy test` shows them all; `policy explain --as …` shows one decision with every rule that spoke.',
  },
  'PS-7002': {
    title: 'rule without a test',
    explanation:
      'spec.tests.minRuleCoverage asks for more of the rules to decide some request of a PolicyTest. A rule that no test reaches is a rule of which nobody knows what it does.',
  },
  'PS-7004': {
    title: 'stale plan',
    explanation:
      'A plan holds for the two policies that it was made from. Since then another policy came into force, or the files were edited: what would happen now is not what was reviewed. Make the plan again, with --against live.',
  },
  'PS-7005': {
    title: 'taken back because the app died',
    explanation:
      'The app ended again and again under this policy before it had shown that it can live with it. It starts with the policy before. This one is not put in force again until its files change or `policy unpin` says so; what the app said last stands in its log.',
  },
  'PS-7003': {
    title: 'taken back by its probation',
    explanation:
      'After this policy had come into force the appliance was worse off than before: sites, accounts or callers were lost, or internal errors piled up. The policy before came back by itself. This one is not put in force again until its files change or `policy unpin` says so.',
  },
} as const satisfies Readonly<Record<string, CodeText>>

export type Code = keyof typeof CODES

/** The texts of a code, given with or without `PS-`; undefined when there is no such code. */
export function codeText(code: string): CodeText | undefined {
  const full = code.toUpperCase().startsWith('PS-') ? code.toUpperCase() : `PS-${code}`
  return (CODES as Readonly<Record<string, CodeText>>)[full]
}
