import { z } from 'zod';
import { endpoint, type Feature } from '../../platform/http/endpoint.ts';
import type { MaintenanceReads } from './maintenance.reads.ts';
import { MaintenanceView } from './maintenance.schema.ts';

export const maintenanceFeature = (reads: Pick<MaintenanceReads, 'findAll'>): Feature => ({
  name: 'maintenance',
  endpoints: [
    endpoint({
      method: 'get',
      path: '/admin/maintenance',
      operationId: 'listMaintenance',
      summary: 'What is done at set times to keep the house in order, and what it has found',
      permission: { scope: 'system', role: 'support' },
      input: z.object({}),
      output: MaintenanceView,
      status: 200,
      problems: [],
      queryBudget: 1,
      idempotent: false,
      handle: (_input, { scope }) => reads.findAll({ scope }),
    }),
  ],
});
