# The analyses of docs/coming_from.md in R: Rscript survey.R, in this folder. Writes survey.json.
library(survey)
library(jsonlite)
d <- read.csv("answers.csv")

# design
des <- svydesign(id = ~psu, strata = ~stratum, weights = ~w, data = d, nest = TRUE)

# means
means <- svyby(~costs_1, ~service, des, svymean, na.rm = TRUE)

# shares
rated <- subset(des, !is.na(costs_1))
fives <- svyby(~I(costs_1 == 5), ~service, rated, svymean)
e <- subset(rated, service == "e")
interval <- svyciprop(~I(costs_1 == 5), e, method = "beta")

# composite
cells <- expand.grid(cell = c("office_staff_1", "office_staff_2", "office_costs_1", "online_staff_2", "online_costs_1"),
                     service = unique(sort(d$service)), stringsAsFactors = FALSE)
for (j in seq_len(nrow(cells))) {
  part <- regmatches(cells$cell[j], regexpr("_", cells$cell[j]), invert = TRUE)[[1]]
  own <- d$service == cells$service[j] & d$channel == part[1] & !is.na(d[[part[2]]])
  d[[paste0("y", j)]] <- ifelse(own, d[[part[2]]], 0)
  d[[paste0("r", j)]] <- as.numeric(own)
}
des <- svydesign(id = ~psu, strata = ~stratum, weights = ~w, data = d, nest = TRUE)
totals <- svytotal(reformulate(c(paste0("y", 1:25), paste0("r", 1:25))), des)
score <- function(k) bquote(((.(as.name(paste0("y", k + 1))) / .(as.name(paste0("r", k + 1))) +
                              .(as.name(paste0("y", k + 2))) / .(as.name(paste0("r", k + 2)))) / 2 +
                              .(as.name(paste0("y", k + 3))) / .(as.name(paste0("r", k + 3)))) / 4 +
                            (.(as.name(paste0("y", k + 4))) / .(as.name(paste0("r", k + 4))) +
                              .(as.name(paste0("y", k + 5))) / .(as.name(paste0("r", k + 5)))) / 4)
scores <- svycontrast(totals, setNames(lapply(5 * 0:4, score), c("a", "b", "c", "d", "e")))

# contrast
difference <- svycontrast(scores, c(a = 1, b = -1))

# weights
ages <- data.frame(age = c("old", "young"), Freq = c(400, 650))
channels <- data.frame(channel = c("office", "online"), Freq = c(600, 450))
post <- postStratify(des, ~age, ages)
raked <- rake(des, list(~age, ~channel), list(ages, channels), control = list(maxit = 100, epsilon = 1e-10))
totals_x <- c(`(Intercept)` = 1050, ageyoung = 650, channelonline = 450)
logit <- calibrate(des, ~age + channel, totals_x, calfun = "logit", bounds = c(0.3, 3), epsilon = 1e-12)
trimmed <- trimWeights(raked, upper = 3)
greg <- calibrate(des, ~age + channel, totals_x)
calibrated <- svymean(~costs_1, greg, na.rm = TRUE)

# ranks
library(csranks)
sets <- csranks(coef(scores), vcov(scores), coverage = 0.95, simul = TRUE, stepdown = TRUE, R = 1e5, seed = 1)

write_json(list(
  provenance = list(made_by = "Rscript survey.R", R = R.version.string, survey = as.character(packageVersion("survey")),
                    MASS = as.character(packageVersion("MASS")),
                    csranks = list(repository = "github.com/danielwilhelm/R-CS-ranks",
                                   files = "R/ranks.R at commit 03c8d61, R/diffmeans.R at commit 1c467e1, sourced without the checks of arguments",
                                   call = "csranks(x, Sigma, coverage = 0.95, simul = TRUE, stepdown = TRUE, R = 1e5, seed = 1)",
                                   inputs = "coef and vcov of scores, in composite below"),
                    date = as.character(Sys.Date())),
  means = list(estimate = means$costs_1, se = means$se, df = degf(des)),
  shares = list(estimate = fives[["I(costs_1 == 5)TRUE"]], se = fives[["se.I(costs_1 == 5)TRUE"]],
                interval_e = as.numeric(attr(interval, "ci")), df_e = degf(e)),
  composite = list(estimate = as.numeric(coef(scores)), covariance = unclass(vcov(scores))),
  contrast = list(estimate = as.numeric(coef(difference)), se = as.numeric(SE(difference))),
  weights = list(post = weights(post), raked = weights(raked), logit = weights(logit), trimmed = weights(trimmed)),
  calibrated = list(estimate = as.numeric(coef(calibrated)), se = as.numeric(SE(calibrated))),
  ranks = list(lower = sets$L, rank = as.numeric(sets$rank), upper = sets$U)
), "survey.json", digits = NA, auto_unbox = TRUE, na = "null")
