import { z } from 'zod';
import { tooContended } from '../../platform/database/failures.ts';
import { endpoint, type Endpoint } from '../../platform/http/endpoint.ts';
import { unavailable } from '../../platform/http/problems.ts';
import { queueFull } from '../../platform/queue/admission.ts';
import { invalidCursor } from '../../platform/security/cursors.ts';
import { PageQuery } from '../../shared/page.ts';
import {
  reportFinished,
  reportNotFound,
  scheduleNotFound,
  tooManyReports,
  tooManySchedules,
} from './report.problems.ts';
import {
  CreateSchedule,
  EditSchedule,
  ReportPage,
  ReportPath,
  ReportView,
  RequestReport,
  SchedulePage,
  SchedulePath,
  ScheduleView,
} from './report.schema.ts';
import type { ReportService } from './report.service.ts';
import type { ScheduleService } from './schedule.service.ts';

const canRead = { scope: 'merchant', role: 'manager', apiKey: 'reports:read' } as const;
const canWrite = { scope: 'merchant', role: 'manager', apiKey: 'reports:write' } as const;

type Reports = Pick<ReportService, 'cancel' | 'get' | 'list' | 'request'>;
type Schedules = Pick<ScheduleService, 'create' | 'edit' | 'get' | 'list' | 'remove'>;

export const reportEndpoints = (reports: Reports): readonly Endpoint[] => [
  endpoint({
    method: 'post',
    path: '/reports',
    operationId: 'requestReport',
    summary: 'Have a report made; who asks for one that is being made already gets that one',
    permission: canWrite,
    input: z.object({ body: RequestReport }),
    output: ReportView,
    status: 202,
    problems: [tooManyReports, tooContended, queueFull, unavailable],
    queryBudget: 6,
    // Asked twice it is made once anyway.
    idempotent: false,
    limits: [{ per: 'tenant', quota: 60, windowSeconds: 60 }],
    headers: ({ id }) => ({ Location: `/api/reports/${id}` }),
    handle: ({ body }, context) => reports.request(context, body),
  }),
  endpoint({
    method: 'get',
    path: '/reports',
    operationId: 'listReports',
    summary: "List the store's reports, newest first",
    permission: canRead,
    input: z.object({ query: PageQuery }),
    output: ReportPage,
    status: 200,
    problems: [invalidCursor],
    queryBudget: 1,
    idempotent: false,
    handle: ({ query }, context) => reports.list(context, query),
  }),
  endpoint({
    method: 'get',
    path: '/reports/:reportId',
    operationId: 'getReport',
    summary: 'How far a report is, and where to fetch it',
    permission: canRead,
    input: z.object({ params: ReportPath }),
    output: ReportView,
    status: 200,
    problems: [reportNotFound],
    queryBudget: 1,
    idempotent: false,
    handle: ({ params }, context) => reports.get(context, params.reportId),
  }),
  endpoint({
    method: 'post',
    path: '/reports/:reportId/cancel',
    operationId: 'cancelReport',
    summary: 'Stop a report that is not ready yet',
    permission: canWrite,
    input: z.object({ params: ReportPath }),
    output: ReportView,
    status: 200,
    problems: [reportNotFound, reportFinished, tooContended],
    queryBudget: 3,
    idempotent: false,
    handle: ({ params }, context) => reports.cancel(context, params.reportId),
  }),
];

export const scheduleEndpoints = (schedules: Schedules): readonly Endpoint[] => [
  ...scheduleReads(schedules),
  ...scheduleChanges(schedules),
];

const scheduleReads = (schedules: Schedules): readonly Endpoint[] => [
  endpoint({
    method: 'get',
    path: '/report-schedules',
    operationId: 'listReportSchedules',
    summary: "List the store's schedules of reports",
    permission: canRead,
    input: z.object({ query: PageQuery }),
    output: SchedulePage,
    status: 200,
    problems: [invalidCursor],
    queryBudget: 1,
    idempotent: false,
    handle: ({ query }, context) => schedules.list(context, query),
  }),
  endpoint({
    method: 'get',
    path: '/report-schedules/:scheduleId',
    operationId: 'getReportSchedule',
    summary: 'Read one schedule of reports',
    permission: canRead,
    input: z.object({ params: SchedulePath }),
    output: ScheduleView,
    status: 200,
    problems: [scheduleNotFound],
    queryBudget: 1,
    idempotent: false,
    handle: ({ params }, context) => schedules.get(context, params.scheduleId),
  }),
];

const scheduleChanges = (schedules: Schedules): readonly Endpoint[] => [
  endpoint({
    method: 'post',
    path: '/report-schedules',
    operationId: 'createReportSchedule',
    summary: 'Have a report made of each day, week or month',
    permission: canWrite,
    input: z.object({ body: CreateSchedule }),
    output: ScheduleView,
    status: 201,
    problems: [tooManySchedules, tooContended, unavailable],
    queryBudget: 5,
    idempotent: false,
    headers: ({ id }) => ({ Location: `/api/report-schedules/${id}` }),
    handle: ({ body }, context) => schedules.create(context, body),
  }),
  endpoint({
    method: 'patch',
    path: '/report-schedules/:scheduleId',
    operationId: 'updateReportSchedule',
    summary: 'Change who gets the reports, pause them or go on',
    permission: canWrite,
    input: z.object({ params: SchedulePath, body: EditSchedule }),
    output: ScheduleView,
    status: 200,
    problems: [scheduleNotFound, tooContended, unavailable],
    queryBudget: 5,
    idempotent: false,
    handle: ({ params, body }, context) => schedules.edit(context, params.scheduleId, body),
  }),
  endpoint({
    method: 'delete',
    path: '/report-schedules/:scheduleId',
    operationId: 'deleteReportSchedule',
    summary: 'End a schedule; its reports stay',
    permission: canWrite,
    input: z.object({ params: SchedulePath }),
    output: z.void(),
    status: 204,
    problems: [scheduleNotFound, tooContended],
    queryBudget: 3,
    idempotent: false,
    handle: ({ params }, context) => schedules.remove(context, params.scheduleId),
  }),
];
