/* Floor 0: what every room stands on. Knows nothing above it. */
#pragma once

#include "base/scope.h"
#include "base/error.h"
#include "base/arena.h"
#include "base/text.h"
#include "base/instant.h"
#include "base/id.h"
#include "base/digest.h"
#include "base/json.h"
#include "base/json_out.h"
#include "base/yaml.h"
#include "base/file.h"
#include "base/log.h"
