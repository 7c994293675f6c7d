/** The operator's writes are refused, or done and not answered. */
import { campaign } from './faults/campaign.ts';

campaign('refusedWrites');
