/** The operator dies before and after each of its writes. */
import { campaign } from './faults/campaign.ts';

campaign('deaths');
