# Jackknife, balanced half-samples, Fay and bootstrap on fixed replicate weights, by R survey.
# Run in this folder after designs.R: Rscript replication.R
suppressMessages({library(survey); library(jsonlite)})
people <- as.data.frame(fromJSON("designs.json")$people)
people$y[is.na(people$y)] <- 4
d <- svydesign(~psu, strata = ~h, weights = ~w, data = people)
finite <- svydesign(~psu, strata = ~h, weights = ~w, fpc = ~n1, data = people)
flat <- svydesign(~psu, weights = ~w, data = people)
paired <- subset(people, psu %in% unlist(tapply(people$psu, people$h, function(p) unique(p)[1:2])))
pairs <- svydesign(~psu, strata = ~h, weights = ~w, data = paired)
set.seed(20202)
reps <- list(JK1 = as.svrepdesign(flat, type = "JK1"), JKn = as.svrepdesign(d, type = "JKn"),
             JKn_fpc = as.svrepdesign(finite, type = "JKn"),
             BRR = as.svrepdesign(pairs, type = "BRR"), Fay = as.svrepdesign(pairs, type = "Fay", fay.rho = .3),
             rao_wu = as.svrepdesign(d, type = "subbootstrap", replicates = 40))
measure <- function(x) lapply(list(mean = FALSE, estimate = TRUE), function(mse) {
  x$mse <- mse
  by <- svyby(~y, ~sex, x, svymean, covmat = TRUE)
  list(mean = c(coef(svymean(~y, x))), mean_se = c(SE(svymean(~y, x))), total_se = c(SE(svytotal(~y, x))),
       ratio_se = c(SE(svyratio(~y, ~x, x))), domain_cov = unname(vcov(by)))
})
again <- rake(reps$JKn, list(~sex), list(data.frame(sex = c("f", "m"), Freq = c(1300, 1100))))
parts <- function(x) list(weights = unname(as.matrix(weights(x, "analysis"))), scale = x$scale, rscales = unname(x$rscales))
out <- list(provenance = list(R = R.version.string, survey = as.character(packageVersion("survey")),
                              date = as.character(Sys.Date()), script = "replication.R"),
            pairs = paired$id, results = lapply(reps, measure), parts = lapply(reps, parts),
            recalibrated = measure(again), targets = list(f = 1300, m = 1100))
write_json(out, "replication.json", digits = I(17), auto_unbox = TRUE, na = "null")
