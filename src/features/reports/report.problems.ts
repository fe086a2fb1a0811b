import type { ProblemKind } from '../../shared/problem.ts';

export const reportNotFound: ProblemKind = { code: 'report-not-found', status: 404, title: 'Report not found' };
export const tooManyReports: ProblemKind = {
  code: 'too-many-reports',
  status: 429,
  title: 'Too many reports in the making',
};
export const reportFinished: ProblemKind = { code: 'report-finished', status: 409, title: 'Report is finished' };
export const scheduleNotFound: ProblemKind = {
  code: 'report-schedule-not-found',
  status: 404,
  title: 'Report schedule not found',
};
export const tooManySchedules: ProblemKind = {
  code: 'too-many-report-schedules',
  status: 409,
  title: 'Too many report schedules',
};
