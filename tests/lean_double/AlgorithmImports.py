"""What algorithms import all names from."""

import json
import math
from builtins import Exception
from datetime import date, datetime, time, timedelta
from typing import *

from QuantConnect import *
from QuantConnect.Algorithm import *
from QuantConnect.Algorithm.Framework.Portfolio import *
from QuantConnect.Data import *
from QuantConnect.Data.Market import *
from QuantConnect.Interfaces import *
from QuantConnect.Orders import *
from QuantConnect.Securities import *
from QuantConnect.Util import *
from System import *

QCAlgorithmFramework = QCAlgorithm  # noqa: F405
