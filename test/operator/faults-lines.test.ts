/** What a watch tells comes late, twice, by half, or not at all. */
import { campaign } from './faults/campaign.ts';

campaign('lines');
