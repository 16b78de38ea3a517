import { testTwoWayHistories } from '../oracle/property.ts';

testTwoWayHistories('v3.3.0', { byDefault: true });
