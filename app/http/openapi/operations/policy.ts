import { EXAMPLES } from '../../docs/examples.ts'
import { EXPLAIN_SCHEMA, RECORDED_SCHEMA } from '../../schemas/explain.ts'
import { AUDIT_LIST, POLICY_HISTORY } from '../../schemas/queries.ts'
import { a, type Content, json, type Operations, pageOf, takes } from '../operation.ts'
import { listOf, orNull, ref, shape, TEXT } from '../shapes/shape.ts'

export const POLICY_OPERATIONS: Operations = {
  'GET /v1/audit': {
    id: 'listAudit',
    summary: 'The chain of what was done and refused, oldest first.',
    query: AUDIT_LIST,
    answers: { 200: pageOf('AuditEntry') },
  },
  'GET /v1/policy': {
    id: 'getPolicy',
    summary: 'What is in force, what lies in the folder, and what was refused last.',
    answers: { 200: a('PolicyStatus') },
  },
  'GET /v1/policy/history': {
    id: 'listPolicies',
    summary: 'How the policy in force came to be, the latest first.',
    query: POLICY_HISTORY,
    answers: { 200: pageOf('PolicyEntry') },
  },
  'POST /v1/policy/explain': {
    id: 'explain',
    summary: 'How the policy decides a request, or decided one, and why.',
    body: takes(
      { oneOf: [EXPLAIN_SCHEMA, RECORDED_SCHEMA] },
      { request: { principal: 'billing', action: 'messages.send', account: 'main', to: '+12025550102' } },
    ),
    answers: { 200: a('Explanation') },
    problems: ['not-found'],
  },
  'GET /v1/limits': {
    id: 'listLimits',
    summary: 'Every limit and who has used how much of it, and the pace of each account.',
    answers: {
      200: json(shape({ data: listOf(ref('Limit')), pacing: listOf(ref('Pace')), next: orNull(TEXT) })),
    },
  },
}

const PAGE: Content = { 'text/html': { type: 'string' } }

export const DOCUMENT_OPERATIONS: Operations = {
  'GET /v1/openapi.json': {
    id: 'getOpenApi',
    summary: 'This document.',
    answers: { 200: json({ type: 'object' }) },
  },
  'GET /docs': {
    id: 'readDocs',
    summary: 'This document as a page.',
    answers: { 200: PAGE },
  },
  ...Object.fromEntries(
    EXAMPLES.map(({ name, title }) => [
      `GET /docs/${name}`,
      {
        id: `readExampleIn${name.slice(0, 1).toUpperCase()}${name.slice(1)}`,
        summary: `A program that sends a text with a client certificate, with ${title}.`,
        answers: { 200: PAGE },
      },
    ]),
  ),
}
